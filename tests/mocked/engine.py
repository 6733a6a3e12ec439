"""Pulumi's engine, as far as it writes down what a program declares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from google.protobuf import json_format  # type: ignore[import-untyped]
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

PROJECT, STACK = "shop", "dev"
_SECRET = "4dabf18193072939515e22adb298388d"


@dataclass
class Declared:
    """One resource as the program asked for it."""

    type: str
    name: str
    inputs: dict[str, Any]
    secrets: set[str]
    provider: str
    depends_on: list[str]
    options: dict[str, Any]


@dataclass
class Run:
    """One update: what was declared, in this order, and what the stack's outputs are."""

    declared: list[Declared] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    waits_for: dict[str, set[str]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Declared]:
        """All whose type ends so."""
        return [each for each in self.declared if each.type.endswith(kind)]

    def names(self, kind: str) -> list[str]:
        return sorted(each.name for each in self.of(kind))


def update(program: Callable[[], Any], last: Run | None = None, into: Run | None = None) -> Run:
    """Runs the program as the next update after *last*."""
    run = into or Run()
    mocks = _Answers(last.outputs if last else {})
    monitor = _Recorder(mocks, run)
    pulumi.runtime.set_mocks(mocks, PROJECT, STACK, preview=False, monitor=monitor)

    def running() -> pulumi.Output[None]:
        program()
        root = cast("Any", pulumi.runtime.get_root_resource())
        return pulumi.Output.from_input(_written_down(run, root.outputs))

    pulumi.runtime.test(running)()
    return run


async def _written_down(run: Run, outputs: dict[str, pulumi.Output[Any]]) -> None:
    for name, output in outputs.items():
        run.outputs[name] = await output.future()
        run.waits_for[name] = {each._name for each in await output.resources()}
        if await output.is_secret():
            run.secrets.add(name)


class _Answers(Mocks):
    """Every resource gets an id, and what Docker would add."""

    def __init__(self, outputs: dict[str, Any]) -> None:
        self._outputs = outputs

    def call(self, args: MockCallArgs) -> Any:
        if args.token == "pulumi:pulumi:readStackResourceOutputs":
            return {"outputs": {"some$thing": {}}}, []  # no state that was lost
        assert args.token == "pulumi:pulumi:readStackOutputs", args.token
        return {"name": args.args["name"], "outputs": self._outputs}, []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        _, _, kind = args.typ.replace("/", ":").rpartition(":")
        return f"{args.name}-id", {**args.inputs, **_added(kind, args.name, args.inputs)}


def _added(kind: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    match kind:
        case "Container":
            return {"networkDatas": [{"ipAddress": "172.18.0.2"}]}
        case "PulledImage":
            return {"image_id": "sha256:" + "a" * 64}
        case "BridgeNetwork":
            ports = [20_000 + number for number in range(int(inputs["published"]))]
            return {"network": f"{name}-random", "ports": ports}
        case "SecretVolume":
            return {"volume": f"{name}-random"}
        case "Traffic":
            return {"shifted": "[]", "cut": 0}
    return {}


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks, run: Run) -> None:
        super().__init__(mocks)
        self._run = run

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - Pulumi's name
        if request.type != "pulumi:pulumi:Stack":
            self._run.declared.append(_declared(request))
        return super().RegisterResource(request)


def _declared(request: Any) -> Declared:
    raw = json_format.MessageToDict(request.object)
    return Declared(
        type=request.type,
        name=request.name,
        inputs={key: _clear(value) for key, value in raw.items() if key != "__provider"},
        secrets={key for key, value in raw.items() if _is_secret(value)},
        provider=request.provider,
        depends_on=list(request.dependencies),
        options=json_format.MessageToDict(request),
    )


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and _SECRET in value


def _clear(value: Any) -> Any:
    if _is_secret(value):
        return _clear(value["value"])
    if isinstance(value, dict):
        return {key: _clear(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clear(inner) for inner in value]
    return value
