"""Images are pinned when a generation is made, and must fit the kernels that they will run on."""

from collections.abc import Mapping, Sequence

from rehouse.components.daemon import connected, local_image, platform, published_image
from rehouse.components.errors import OutOfReach, Refused
from rehouse.components.site import Daemon


def pin(image: str, daemons: Sequence[Daemon], remembered: Mapping[str, str]) -> str:
    """The digest behind the name, as ``repository@sha256:…``; ``sha256:…`` for an image that is only local.

    The registry is asked through the first daemon. *remembered* says what names were pinned to before; it
    is offered, never taken. Raises Refused where the image does not fit a daemon or is missing on one,
    OutOfReach where nobody can say what the name stands for.
    """
    pinned, platforms = _resolve(image, daemons[0], remembered)
    for daemon in daemons:
        _must_fit(image, pinned, platforms, daemon)
    return pinned


def _resolve(image: str, daemon: Daemon, remembered: Mapping[str, str]) -> tuple[str, list[str]]:
    with connected(daemon) as client:
        local = local_image(client, image)
        if local and ("@" in image or not local.get("RepoDigests")):
            return image if "@" in image else str(local["Id"]), [_platform_of(local)]
        try:
            digest, platforms = published_image(client, image)
        except LookupError as error:
            if local and not _names_registry(image) and _says_absent(str(error)):
                return str(local["Id"]), [_platform_of(local)]
            raise _unresolved(image, daemon, str(error), remembered) from error
    return f"{_repository(image)}@{digest}", platforms


def _must_fit(image: str, pinned: str, platforms: list[str], daemon: Daemon) -> None:
    with connected(daemon) as client:
        here = platform(client)
        missing = pinned.startswith("sha256:") and local_image(client, pinned) is None
    if here not in platforms:
        what = f"is for {', '.join(platforms) or 'no known platform'}, Docker daemon {daemon.name} is {here}"
        fix = f"build it for {here}: a container shares its host's kernel and processor"
        raise Refused(f"image {image}", what, fix)
    if missing:
        fix = "push it to a registry, or load it there: docker save … | docker load"
        raise Refused(
            f"image {image}", f"exists only elsewhere, not on Docker daemon {daemon.name}", fix
        )


def _unresolved(
    image: str, daemon: Daemon, reason: str, remembered: Mapping[str, str]
) -> OutOfReach:
    fix = f"see that the name is right and that the registry answers: docker --host {daemon.url} pull {image}"
    if image in remembered:
        fix += f"\n     or run what this name meant last: image: {remembered[image]}"
    return OutOfReach(
        f"image {image}", f"cannot be resolved by Docker daemon {daemon.name}: {reason}", fix
    )


def _names_registry(image: str) -> bool:
    """As Docker tells a host from a folder: then a local copy is only old, never the image that is meant."""
    first, slash, _ = image.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _says_absent(reason: str) -> bool:
    """Registries answer 'denied' for what is not there as well; a registry that is down says neither."""
    return any(
        word in reason.lower()
        for word in ("not found", "manifest unknown", "denied", "unauthorized")
    )


def _platform_of(local: Mapping[str, object]) -> str:
    return f"{local['Os']}/{local['Architecture']}"


def _repository(image: str) -> str:
    name = image.split("@", maxsplit=1)[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name
