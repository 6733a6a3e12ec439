"""Certificates for mutual TLS between a Docker client and a daemon on loopback."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_DAYS = "2"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Certificates:
    """Two folders of ca.pem, cert.pem and key.pem."""

    server: Path
    client: Path


def make_certificates(folder: Path) -> Certificates:
    folder.mkdir(mode=0o700)
    _openssl(folder, "/CN=lab CA", "basicConstraints=critical,CA:TRUE", signed=False)
    certificates = Certificates(folder / "server", folder / "client")
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    _make(certificates.server, "/CN=lab server", names, "extendedKeyUsage=serverAuth")
    _make(certificates.client, "/CN=lab client", "extendedKeyUsage=clientAuth")
    return certificates


def _make(folder: Path, subject: str, *extensions: str) -> None:
    folder.mkdir()
    _openssl(folder, subject, *extensions, signed=True)
    (folder / "ca.pem").write_bytes((folder.parent / "cert.pem").read_bytes())


def _openssl(folder: Path, subject: str, *extensions: str, signed: bool) -> None:
    above = folder.parent
    signer = ["-CA", f"{above}/cert.pem", "-CAkey", f"{above}/key.pem"] if signed else []
    added = [word for extension in extensions for word in ("-addext", extension)]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", *_KEY, "-days", _DAYS, "-subj", subject]
    subprocess.run([*command, *added, *signer, *files], check=True, capture_output=True)
