"""How an image wants to be run, and the disk that was made of it."""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rehouse.components.errors import Refused
from rehouse.oci.faults import Malformed

_PROCESSORS = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


class ImageConfig(BaseModel):
    """What the image's maker wrote down. *platform* is like linux/amd64; *volumes* are writable where they are."""

    model_config = ConfigDict(frozen=True)

    platform: str
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: dict[str, str] = {}
    user: str = ""
    workdir: str = "/"
    stop_signal: str = "SIGTERM"
    volumes: tuple[str, ...] = ()


class RootDisk(BaseModel):
    """A squashfs of an image's files.

    *sha256* and *size* are of the disk, *image_id* and *digests* of the image; *left_out* are devices that
    a container could not open either.
    """

    model_config = ConfigDict(frozen=True)

    path: Path = Field(exclude=True)
    format: int
    image_id: str
    digests: tuple[str, ...]
    sha256: str
    size: int
    config: ImageConfig
    left_out: tuple[str, ...] = ()


def read_config(raw: dict[str, Any]) -> ImageConfig:
    """From the configuration as it is in the image. Raises Malformed."""
    said = raw.get("config") or {}
    try:
        return ImageConfig(
            platform=f"{raw['os']}/{raw['architecture']}",
            entrypoint=said.get("Entrypoint") or (),
            cmd=said.get("Cmd") or (),
            env=dict(each.split("=", 1) for each in said.get("Env") or () if "=" in each),
            user=said.get("User") or "",
            workdir=said.get("WorkingDir") or "/",
            stop_signal=said.get("StopSignal") or "SIGTERM",
            volumes=tuple(sorted(said.get("Volumes") or ())),
        )
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(f"its configuration makes no sense: {type(error).__name__}") from error


def layers_of(raw: dict[str, Any]) -> list[str]:
    """What its layers are when unpacked, lowest first. Raises Malformed."""
    try:
        return [str(each) for each in raw["rootfs"]["diff_ids"]]
    except (KeyError, TypeError) as error:
        raise Malformed("its configuration names no layers") from error


def here() -> str:
    """This machine's processor, in the words of images."""
    machine = os.uname().machine
    return _PROCESSORS.get(machine, machine)


def must_run(image: str, platforms: list[str], architecture: str) -> None:
    """Raises Refused unless one of *platforms* is Linux on that processor."""
    if f"linux/{architecture}" in platforms:
        return
    what = f"is for {', '.join(sorted(set(platforms))) or 'no known platform'}, not for linux/{architecture}"
    fix = f"build it for linux/{architecture}: docker build --platform linux/{architecture} …"
    raise Refused(f"image {image}", what, fix)
