"""Many services at once, each with an HAProxy of its own: by `rehouse deploy --parallel`, and by docker-compose."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from bench.bounds import Failed
from bench.commanded import COMMAND
from lab.demo_stack import environment
from lab.places import CHECKOUT, REGISTRY

PROJECT = "many"
IMAGE, HAPROXY = f"{REGISTRY}/example:1", f"{REGISTRY}/haproxy:2.6"
_FIRST_PORT = 8200
_PREPARED_AT_ONCE = 2
_PATIENCE = 60

# As rehouse/components/front.py has it; it returns before a service is well, and so HAProxy has to see that.
_CONFIG = """\
frontend web
  mode http
  bind :{port}
  timeout client 1h
  default_backend web
backend web
  mode http
  option forwardfor
  timeout connect 2s
  timeout server 1h
  option httpchk
  http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host bench
  http-check expect status 200-399
  server web {address}:8080 check inter 250ms
"""


class Many(Protocol):
    """So many services that are not there yet, and the command that raises them."""

    title: str
    folder: Path
    command: list[str]
    environment: dict[str, str]


def ports(count: int) -> list[int]:
    return [_FIRST_PORT + each for each in range(count)]


class Stacks:
    """One project with so many stacks, each of one service."""

    def __init__(self, folder: Path, count: int, at_once: int) -> None:
        self.title = f"rehouse deploy --parallel {at_once}"
        self.folder = folder / "stacks"
        self.environment = environment(self.folder, "none")
        self.command = [COMMAND, "deploy", f"--parallel={at_once}", "--stack=s*"]
        self._home = folder / "routers"
        self._make(count)

    def _make(self, count: int) -> None:
        (self.folder / "state").mkdir(parents=True)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / "stacks", self.folder / "program", ignore=ignore)
        about = f"name: {PROJECT}\nruntime: python\nmain: program/\n"
        (self.folder / "Pulumi.yaml").write_text(about)
        with ThreadPoolExecutor(_PREPARED_AT_ONCE) as pool:
            list(pool.map(self._stack, range(count), ports(count)))

    def _stack(self, number: int, port: int) -> None:
        name = f"s{number:03}"
        command = ["pulumi", "stack", "init", name, "--non-interactive"]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
        if done.returncode != 0:
            raise Failed(f"pulumi stack init: {done.stderr}")
        spec = {
            "service": "web",
            "image": IMAGE,
            "port": 8080,
            "health": {"http": "/healthz"},
            "router": {"publish": port},
        }
        (self.folder / f"{name}.yaml").write_text(json.dumps(spec))  # JSON is YAML
        site = {"router": {"image": HAPROXY, "home": str(self._home)}}
        config = {"spec": str(self.folder / f"{name}.yaml"), "site": json.dumps(site)}
        settings = {f"{PROJECT}:{key}": value for key, value in config.items()}
        with (self.folder / f"Pulumi.{name}.yaml").open("a") as file:
            file.write(f"config: {json.dumps(settings)}\n")


class Compose:
    """One file of so many services, each on a network of its own, as those of Rehouse are."""

    title = "docker-compose up -d"

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder / "compose"
        self.folder.mkdir(parents=True)
        program = shutil.which("docker-compose")
        if program is None:
            raise Failed("docker-compose is not there: ./setup packages")
        self.command = [program, f"--project-name={PROJECT}", "--file=all.yaml", "up", "-d"]
        self.environment = {**os.environ, "COMPOSE_HTTP_TIMEOUT": "600"}
        parts = dict(part for number in range(count) for part in self._service(number))
        networks = {
            f"n{number}": {"ipam": {"config": [{"subnet": _subnet(number, "0/24")}]}}
            for number in range(count)
        }
        whole = {"version": "2.4", "services": parts, "networks": networks}
        (self.folder / "all.yaml").write_text(json.dumps(whole))  # JSON is YAML

    def _service(self, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
        config = self.folder / f"haproxy-{number}.cfg"
        address = _subnet(number, "2")
        config.write_text(_CONFIG.format(port=_FIRST_PORT + number, address=address))
        yield (
            f"web{number}",
            {
                "image": IMAGE,
                "networks": {f"n{number}": {"ipv4_address": address}},
                "restart": "unless-stopped",
                "init": True,
                "mem_limit": "256m",
                "cpus": 1,
                "pids_limit": 256,
                "read_only": True,
                "tmpfs": ["/tmp", "/run"],
                "cap_drop": ["ALL"],
                "security_opt": ["no-new-privileges:true"],
            },
        )
        yield (
            f"router{number}",
            {
                "image": HAPROXY,
                "network_mode": "host",
                "restart": "unless-stopped",
                "user": "0",
                "read_only": True,
                "volumes": [f"{config}:/etc/haproxy/haproxy.cfg:ro"],
            },
        )


def _subnet(number: int, rest: str) -> str:
    return f"10.64.{number}.{rest}"
