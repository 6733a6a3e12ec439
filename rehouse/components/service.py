"""The component that anyone can use: one service, replaced generation by generation inside one update."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from rehouse.components.announcing import announce
from rehouse.components.asking import values_of
from rehouse.components.declare import declare
from rehouse.components.ending import end_when_asked
from rehouse.components.errors import Refused, RehouseError, Wrong
from rehouse.components.generation import Generation
from rehouse.components.hushed import hush
from rehouse.components.images import pin
from rehouse.components.ledger import Ledger
from rehouse.components.notes import errors_noted
from rehouse.components.order import Order, must_make, next_ledger
from rehouse.components.performer import performer
from rehouse.components.recall import must_not_be_lost, recall
from rehouse.components.site import Site
from rehouse.components.sources import Secrets
from rehouse.components.spec import ServiceSpec, read_spec
from rehouse.components.targets import TARGETS

# Each overrides what the stack says: the first three move every container to another daemon,
# the last lets the old generation be deleted although the new one failed.
FORBIDDEN = (
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CERT_PATH",
    "PULUMI_CONTINUE_ON_ERROR",
    "PULUMI_OPTION_CONTINUE_ON_ERROR",
)


class Service(pulumi.ComponentResource):
    """One service in one stack.

    The update raises a generation if the spec asks for another than the one that is live, proves it, shifts
    the traffic and retires the old one; if nothing changed it does nothing. *secrets* are the values of the
    secrets that the spec names, in clear, or their sources, asked only when a generation is made: the values
    decide its name and are encrypted in the state. *replicas*, if given, counts instead of the spec's. The
    ledger is the stack's output ``NAME-ledger``, a secret.

    Raises pulumi.RunError, with what is wrong and the way out, before anything is declared.
    """

    generation: str

    def __init__(
        self,
        name: str,
        spec: ServiceSpec | str | Path,
        target: str = "container",
        site: Site | None = None,
        secrets: Secrets | None = None,
        replicas: int | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("rehouse:index:Service", name, None, opts)
        end_when_asked()
        with plain_errors():
            wanted = _spec_named(name, spec).scaled(replicas)
            self.generation = self._declare(name, wanted, target, site or Site(), secrets or {})
        self.register_outputs({"generation": self.generation})

    def _declare(
        self,
        name: str,
        wanted: ServiceSpec,
        target: str,
        site: Site,
        secrets: Secrets,
    ) -> str:
        _refuse_overrides()
        _must_know(target)
        last, order = recall(name), Order.given(name)
        generation = None
        with nothing_changed(last):
            if not last.serial:
                must_not_be_lost(name, site.daemons)
            if order is None or order.needs_spec:
                must_make(order, wanted, target)
                image = pin(wanted.image, site.daemons, _pins(last))
                values = values_of(wanted.secrets, secrets)
                generation = Generation.make(
                    wanted, image, target, site.daemons, values, _key(name)
                )
            ledger = next_ledger(last, generation, order, performer(), _now())
        announce(name, generation, last, ledger, order)
        if not ledger.serial:
            return ""  # nothing stood, and nothing shall
        face = _face(ledger, wanted if _is_live(wanted, generation, ledger) else None)
        shifted = declare(ledger, face or wanted, site, pulumi.ResourceOptions(parent=self))
        _remember(name, ledger, shifted, fresh=ledger is not last)
        return ", ".join(ledger.live)


@contextmanager
def plain_errors() -> Iterator[None]:
    """The engine shows our errors as they read, and everything else with its traceback."""
    try:
        with errors_noted():
            yield
    except RehouseError as error:
        raise pulumi.RunError(str(error)) from None


@contextmanager
def nothing_changed(ledger: Ledger) -> Iterator[None]:
    """Whatever goes wrong here, goes wrong before anything is touched: the error says what is live."""
    try:
        yield
    except RehouseError as error:
        live = ", ".join(ledger.live)
        state = f"nothing has changed; {live} is live" if live else "nothing has changed"
        raise error.with_state(state) from None


def _is_live(spec: ServiceSpec, generation: Generation | None, ledger: Ledger) -> bool:
    """Whether it is the spec of something live; it may say more of the router than when that was raised."""
    if generation:
        return generation.name in ledger.live
    live = [each.spec for each in ledger.standing_generations() if each.name in ledger.live]
    return spec.identity() in [each.identity() for each in live]


def _face(ledger: Ledger, spec: ServiceSpec | None) -> ServiceSpec | None:
    """What the router goes by: the spec, unless something else is live, which is checked as its own spec says."""
    live = [each.spec for each in ledger.standing_generations() if each.name in ledger.live]
    return spec or (live[-1] if live else None)


def _remember(service: str, ledger: Ledger, shifted: pulumi.Output[str], fresh: bool) -> None:
    """Only once the router has the traffic: an update that fails before keeps the ledger it found.

    A step that is *fresh* begins then, however long its instances took.
    """

    def text(_shifted: str) -> str:
        return (ledger.stepped_at(_now()) if fresh else ledger).model_dump_json()

    hush()
    pulumi.export(f"{service}-ledger", pulumi.Output.secret(shifted.apply(text)))
    pulumi.export(service, shifted.apply(lambda _: ", ".join(ledger.live)))


def _spec_named(name: str, spec: ServiceSpec | str | Path) -> ServiceSpec:
    wanted = spec if isinstance(spec, ServiceSpec) else read_spec(spec)
    if wanted.service != name:
        raise Wrong(
            f"Service {name}",
            f"its spec is of service '{wanted.service}'",
            "use the same name in both",
        )
    return wanted


def _must_know(target: str) -> None:
    if target not in TARGETS:
        raise Wrong(f"target {target}", "is not known", f"known: {', '.join(TARGETS)}")


def _refuse_overrides() -> None:
    for variable in FORBIDDEN:
        if os.environ.get(variable):
            what = "is set and would override the site of this stack"
            raise Refused(f"environment variable {variable}", what, f"unset {variable}")


def _pins(ledger: Ledger) -> dict[str, str]:
    return {
        each.generation.spec.image: each.generation.image for each in reversed(ledger.remembered)
    }


def _key(service: str) -> str:
    return f"{pulumi.get_project()}/{pulumi.get_stack()}/{service}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
