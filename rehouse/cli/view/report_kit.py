"""What is said of a kit."""

from rehouse.cli.output import stdout
from rehouse.kit.store import Kit

_MEGABYTE = 1_000_000


def say_kit(kit: Kit) -> None:
    stdout.print(f"kit        {kit.name}", markup=False)
    stdout.print(f"folder     {kit.folder}", markup=False)
    for name, version in kit.manifest["packages"].items():
        stdout.print(f"from       {name} {version}", markup=False)
    for path in (kit.kernel, kit.initramfs):
        megabytes = path.stat().st_size / _MEGABYTE
        stdout.print(f"{path.name:<10} {megabytes:.1f} MB", markup=False)
