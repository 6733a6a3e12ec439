"""What a service is. Nothing in here depends on the target that it will live in."""

import json
import re
import signal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from rehouse.components.reading import read_data, read_file
from rehouse.components.units import Mebibytes, Pause, Seconds

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Share = Annotated[int, Field(ge=1, le=99)]
Text = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00]*$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
Capability = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{2,30}$")]

# The grammar of github.com/distribution/reference, a little stricter: no upper case hosts.
IMAGE = re.compile(
    r"^(?:[a-z0-9.-]+(?::[0-9]{1,5})?/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+|/)[a-z0-9]+)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$"
)


class Part(BaseModel):
    """Frozen, strict, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class Health(Part):
    """How an instance shows that it is well: exactly one of http, tcp and exec; tcp if none is given."""

    http: str | None = Field(
        None,
        pattern=r"^/[!$-&(-\[\]-~]*$",  # without what means something in HAProxy's configuration
        max_length=1024,
        examples=["/healthz"],
        description="Path that answers 200 to 399 while the instance is well, without quotes, # and backslash.",
    )
    tcp: Literal[True] | None = Field(
        None, examples=[True], description="true: it is enough that the port accepts connections."
    )
    exec: tuple[Text, ...] | None = Field(
        None,
        min_length=1,
        max_length=64,
        examples=[["/bin/check", "--quick"]],
        description="Command that exits 0 inside the instance while it is well.",
    )
    within: Seconds = Field(
        30.0,
        ge=0.1,
        le=3600,
        examples=["30s"],
        description="How long an instance may take until it is well, 100ms to 1h.",
    )
    every: Seconds = Field(
        1.0,
        ge=0.05,
        le=60,
        examples=["1s"],
        description="Longest time between two probes, and to wait for an answer, 50ms to 60s.",
    )
    times: int = Field(
        3,
        ge=1,
        le=100,
        examples=[3],
        description="Good answers in a row that are needed, 1 to 100.",
    )

    @model_validator(mode="after")
    def one_kind(self) -> Self:
        if len([kind for kind in (self.http, self.tcp, self.exec) if kind is not None]) > 1:
            raise PydanticCustomError("one_kind", "must have one of http, tcp and exec")
        return self


class Resources(Part):
    """What one instance may use at most."""

    memory: Mebibytes = Field(
        256,
        ge=6,
        le=4 * 1024 * 1024,
        examples=["256MiB"],
        description="Memory, 6MiB to 4096GiB, without swap.",
    )
    cpus: float = Field(
        1.0, ge=0.01, le=512, examples=[0.5], description="Processors, 0.01 to 512."
    )
    pids: int = Field(
        256, ge=4, le=4_194_304, examples=[256], description="Processes and threads, 4 to 4194304."
    )


class Security(Part):
    """What is held back from an instance, and given on request."""

    user: str | None = Field(
        None,
        pattern=r"^[0-9]{1,10}(:[0-9]{1,10})?$",
        examples=["1000:1000"],
        description="Numeric user, or user:group, to run as; the image's own user if it is not given.",
    )
    read_only: bool = Field(
        True,
        examples=[True],
        description="true or false: whether the root file system is read-only; /tmp and /run are not.",
    )
    capabilities: tuple[Capability, ...] = Field(
        (),
        max_length=41,
        examples=[["NET_BIND_SERVICE"]],
        description="Linux capabilities to keep, without CAP_; all others are dropped.",
    )


class Stop(Part):
    """How an instance is asked to end."""

    signal: str = Field(
        "SIGTERM", examples=["SIGTERM"], description="Signal by its name, like SIGTERM or SIGQUIT."
    )
    grace: Seconds = Field(
        10.0,
        ge=1,
        le=3600,
        examples=["10s"],
        description="How long it may take to finish before it is killed, whole seconds, 1s to 1h.",
    )

    @field_validator("signal")
    @classmethod
    def known(cls, value: str) -> str:
        if value not in signal.Signals.__members__:
            raise PydanticCustomError("signal", "must be the name of a signal")
        return value

    @field_validator("grace")
    @classmethod
    def whole(cls, value: float) -> float:
        if value != int(value):
            raise PydanticCustomError("whole", "must be whole seconds")
        return value


class Rollout(Part):
    """How a new generation takes over."""

    strategy: Literal["blue-green", "canary", "rolling", "recreate"] = Field(
        "blue-green",
        examples=["canary"],
        description="blue-green (all of the traffic at once), canary (a share first, step by step), rolling "
        "(instance by instance) or recreate (the old one is stopped first: nothing answers meanwhile).",
    )
    steps: tuple[Share, ...] = Field(
        (5, 25, 50),
        min_length=1,
        max_length=20,
        examples=[[5, 25, 50]],
        description="Shares of the traffic that a canary gets one after the other, in percent, 1 to 99, rising.",
    )
    surge: int = Field(
        1,
        ge=1,
        le=100,
        examples=[1],
        description="How many instances rolling raises at each step, beyond the replicas, 1 to 100.",
    )
    pause: Pause = Field(
        default_factory=lambda known: 60.0 if known.get("strategy") == "canary" else 0.0,
        examples=["5m"],
        description="How long each step lasts, or promote: until a person takes the next one. 60s for a canary, "
        "0s for the others.",
    )
    bake: Seconds = Field(
        0.0,
        ge=0,
        le=86_400,
        examples=["10m"],
        description="How long the old generation stays warm after the shift, 0s to 24h.",
    )
    max_errors: float = Field(
        1.0,
        ge=0,
        le=100,
        examples=[1.0],
        description="Answers with 5xx, and none at all, in percent, 0.0 to 100.0; more of them undo it.",
    )
    max_latency: Seconds | None = Field(
        None,
        ge=0.001,
        le=3600,
        examples=["500ms"],
        description="Average time of its last 1024 answers, 1ms to 1h; longer undoes it. Not watched by default.",
    )
    deadline: Seconds = Field(
        3600.0,
        ge=1,
        le=604_800,
        examples=["1h"],
        description="How long the whole rollout may take, pauses for a person left out, 1s to 168h.",
    )
    drain: Seconds = Field(
        30.0,
        ge=0,
        le=3600,
        examples=["30s"],
        description="How long open requests to the old generation may last before they are cut, 0s to 1h.",
    )

    @field_validator("steps")
    @classmethod
    def rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise PydanticCustomError("rising", "must rise from step to step")
        return value

    def shares(self, replicas: int) -> tuple[int, ...]:
        """Percent of the traffic at each step before everything; none where all of it goes at once."""
        match self.strategy:
            case "canary":
                return self.steps
            case "rolling":
                raised = range(self.surge, replicas, self.surge)
                return tuple(max(1, 100 * number // replicas) for number in raised)
            case "recreate":
                return (0,)
        return ()


class Front(Part):
    """Where the router listens for the service."""

    publish: Port | None = Field(
        None,
        examples=[8080],
        description="Port on the router, 1 to 65535; the service's own port if it is not given.",
    )
    mode: Literal["http", "tcp"] = Field(
        "http",
        examples=["http"],
        description="http (each request finds its instance) or tcp (each connection does).",
    )
    unavailable: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        examples=["We are back at ten."],
        description="One line that users read with a 503, in maintenance or while no instance is well; only with http.",
    )


class ServiceSpec(Part):
    """One service, declared once."""

    service: Name = Field(
        examples=["web"], description="Name: a-z, 0-9 and -, at most 40 characters, first a letter."
    )
    image: Annotated[str, StringConstraints(pattern=IMAGE.pattern, max_length=512)] = Field(
        examples=["registry.example.com/web:1.4"],
        description="Image in lower case, by tag or digest; a tag is resolved once, when a generation is made.",
    )
    port: Port = Field(
        examples=[8080], description="Port on which each instance answers, 1 to 65535."
    )
    replicas: int = Field(
        2, ge=1, le=100, examples=[2], description="How many instances run, 1 to 100."
    )
    command: tuple[Text, ...] | None = Field(
        None,
        min_length=1,
        max_length=256,
        examples=[["serve", "--verbose"]],
        description="Arguments instead of the image's own command, a list of texts.",
    )
    env: dict[Variable, Text] = Field(
        {},
        max_length=512,
        examples=[{"LOG_LEVEL": "info"}],
        description="Environment: names of letters, digits and _, values as text in quotes; REHOUSE_ is reserved.",
    )
    secrets: tuple[SecretName, ...] = Field(
        (),
        max_length=64,
        examples=[["DB_PASSWORD"]],
        description="Names of secrets, once each; values come from the stack, instances find /run/secrets/NAME.",
    )
    health: Health = Field(
        Health(),
        examples=[{"http": "/healthz"}],
        description="How an instance shows that it is well: one of http, tcp and exec.",
    )
    resources: Resources = Field(
        Resources(),
        examples=[{"memory": "256MiB"}],
        description="What one instance may use at most.",
    )
    security: Security = Field(
        Security(),
        examples=[{"read_only": True}],
        description="What is held back from an instance.",
    )
    volumes: tuple[str, ...] = Field(
        (),
        examples=[[]],
        description="Named volumes: not supported yet; leave the key out and keep data outside the service.",
    )
    stop: Stop = Field(
        Stop(), examples=[{"grace": "10s"}], description="How an instance is asked to end."
    )
    rollout: Rollout = Field(
        Rollout(), examples=[{"drain": "30s"}], description="How a new generation takes over."
    )
    router: Front = Field(
        Front(),
        examples=[{"publish": 8080}],
        description="Where the router listens for the service.",
    )

    @field_validator("env")
    @classmethod
    def not_reserved(cls, value: dict[str, str]) -> dict[str, str]:
        if any(name.startswith("REHOUSE_") for name in value):
            raise PydanticCustomError("reserved", "must have names that do not start with REHOUSE_")
        return value

    @field_validator("secrets")
    @classmethod
    def once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise PydanticCustomError("once", "must name each secret once")
        return value

    @field_validator("volumes")
    @classmethod
    def not_yet(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if value:
            raise PydanticCustomError("not_yet", "must be empty for now")
        return value

    @property
    def published(self) -> int:
        """The port on the router."""
        return self.router.publish or self.port

    def scaled(self, replicas: int | None) -> Self:
        """The same with so many replicas; itself, where none are given. Raises Wrong."""
        if replicas in (None, self.replicas):
            return self
        data = {**self.model_dump(mode="json"), "replicas": replicas}
        return read_data(data, type(self), lambda _place: f"service {self.service}")

    def identity(self) -> dict[str, Any]:
        """What decides what runs, in one canonical form: not how it is rolled out, nor how its image was called."""
        return self.model_dump(mode="json", exclude={"image", "rollout", "router"})


def read_spec(path: str | Path) -> ServiceSpec:
    """The service that the file declares. Raises Wrong with file, line, key, value and what is allowed."""
    return read_file(Path(path), ServiceSpec)


def json_schema() -> str:
    """JSON Schema of a spec, for editors: descriptions, defaults and examples included."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ServiceSpec.model_json_schema(),
    }
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
