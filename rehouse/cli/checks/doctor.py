"""What a rollout needs: each need looked at by itself, so that all that is wrong is told at once."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from rehouse.cli.checks.checking import settings_of
from rehouse.cli.checks.installed import installed
from rehouse.cli.checks.needs import Need, look, wrong
from rehouse.cli.checks.surroundings import surroundings
from rehouse.cli.project import project_folder
from rehouse.cli.state.damage import Sealed
from rehouse.components.daemon import connected
from rehouse.components.errors import OutOfReach, Wrong
from rehouse.components.haproxy import Haproxy
from rehouse.components.site import Daemon, RouterSite, Site, read_site

SITE = ":site"  # the end of the configuration key
AT_ONCE = 16  # daemons: one that does not answer takes its time


class Stack(Protocol):
    """As much of the engine as this needs."""

    def config(self) -> dict[str, Any]: ...
    def stack_name(self) -> str: ...
    def ledgers(self) -> Mapping[str, Any]: ...


def examine(
    folder: Path, opened: Callable[[], Stack], environment: Mapping[str, str]
) -> list[Need]:
    """Raises nothing. In a project the site is that of the stack, elsewhere the default one."""
    project = _project(folder)
    if project is None:
        return [*installed(environment), *surroundings([], environment), *_machines(Site())]
    stack, name, site = _site_of(opened)
    around = surroundings(_settings(project, name), environment)
    if site is None:
        return [*installed(environment), *around, stack]
    unread = _unread(opened)
    around = [_sealed(each, unread) for each in around]
    if unread and not isinstance(unread, Sealed):
        stack = wrong("stack", unread)
    return [*installed(environment), *around, stack, *_machines(site)]


def _project(folder: Path) -> Path | None:
    try:
        return project_folder(folder)
    except Wrong:
        return None


def _site_of(opened: Callable[[], Stack]) -> tuple[Need, str | None, Site | None]:
    """The site is None where nobody can say which it is."""
    name = None
    try:
        stack = opened()
        name = stack.stack_name().rpartition("/")[2]
        data = next((each for key, each in stack.config().items() if key.endswith(SITE)), None)
        site = read_site(data, f"Pulumi.{name}.yaml, site")
    except Exception as error:  # noqa: BLE001  # as look does
        return wrong("stack", error), name, None
    return Need("stack", name), name, site


def _unread(opened: Callable[[], Stack]) -> Exception | None:
    """Why the state of the stack cannot be read, with its secrets."""
    try:
        opened().ledgers()
    except Exception as error:  # noqa: BLE001  # as look does
        return error
    return None


def _sealed(need: Need, unread: Exception | None) -> Need:
    """A passphrase that is set may be another one."""
    if need.name == "passphrase" and need.met and isinstance(unread, Sealed):
        return wrong(need.name, unread)
    return need


def _settings(project: Path, name: str | None) -> list[Path]:
    """Those of the stack, or of all where it is not known which is meant."""
    try:
        found = settings_of(project)
    except Wrong:  # `stack` tells it
        return []
    return [each for each in found if name is None or each.name == f"Pulumi.{name}.yaml"]


def _machines(site: Site) -> list[Need]:
    looks = [_daemon(each) for each in _daemons(site)]
    if site.router.socket:
        looks.append(lambda: look(_router(site.router), lambda: _fronts(site.router)))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each: each(), looks))


def _daemons(site: Site) -> list[Daemon]:
    """The router's too, where Rehouse runs it and it is another one."""
    ours = [] if site.router.socket else [site.router.daemon]
    known = {each.url for each in site.daemons}
    return [*site.daemons, *(each for each in ours if each.url not in known)]


def _daemon(daemon: Daemon) -> Callable[[], Need]:
    def version() -> str:
        with connected(daemon) as client:
            return f"Docker {client.version()['Version']}"

    return lambda: look(f"Docker daemon {daemon.name} at {daemon.url}", version)


def _router(router: RouterSite) -> str:
    return f"router at {router.socket}"


def _fronts(router: RouterSite) -> str:
    admin, master = Path(router.socket or ""), router.master
    fronts = Haproxy(admin, None).fronts()
    if master and not Haproxy(admin, Path(master)).is_there():
        fix = f"start HAProxy with -W -S {master}, or leave router.master out of the site"
        raise OutOfReach(_router(router), f"its master socket {master} does not answer", fix)
    return f"answers, {len(fronts)} frontends"
