"""Which versions the engine must have: those of the Python SDKs beside us, named nowhere else."""

from importlib.metadata import PackageNotFoundError, version

PLUGINS = ("docker", "libvirt")


def pulumi() -> str:
    return version("pulumi")


def plugins() -> dict[str, str]:
    """Every plugin whose SDK is installed: libvirt's is an optional extra."""
    found = {name: _installed(f"pulumi-{name}") for name in PLUGINS}
    return {name: number for name, number in found.items() if number is not None}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
