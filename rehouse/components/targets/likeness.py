"""Whether a container is still as its generation declared it: the mirror of container.py."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from rehouse.components.generation import Generation

Found = Mapping[str, Any]  # as docker inspect shows a container


class Difference(NamedTuple):
    """What was changed by hand; *undo* are the arguments of `docker update` that change it back, if they can."""

    aspect: str
    found: object
    declared: object
    undo: str | None = None

    def __str__(self) -> str:
        return f"{self.aspect} is {self.found}, declared is {self.declared}"


def differences(
    generation: Generation, instance: str, image: str | None, network: str | None, found: Found
) -> list[Difference]:
    """Each aspect that differs; *image* and *network*, where somebody knows them, are those of the generation."""
    pairs = [
        *_made_of(generation, instance, image, found),
        *_limits(generation, found),
        *_held_back(generation, found),
        *_connected(network, found),
    ]
    return [each for each in pairs if each.found != each.declared]


def _made_of(
    generation: Generation, instance: str, image: str | None, found: Found
) -> list[Difference]:
    spec, config = generation.spec, found["Config"]
    made = [_environment(generation, instance, config["Env"] or [])]
    if image:
        made.append(Difference("image", found["Image"], image))
    if spec.command:
        made.append(Difference("command", config["Cmd"], list(spec.command)))
    if spec.security.user:
        made.append(Difference("user", config["User"], spec.security.user))
    return made


def _environment(generation: Generation, instance: str, found: list[str]) -> Difference:
    """Names only: values are nobody's business here. What the image sets besides is its own."""
    own = {"REHOUSE_GENERATION": generation.name, "REHOUSE_INSTANCE": instance}
    declared = {**generation.spec.env, **own}
    seen = dict(each.partition("=")[::2] for each in found)
    other = sorted(name for name, value in declared.items() if seen.get(name) != value)
    return Difference("environment", f"another in {', '.join(other)}" if other else "", "")


def _limits(generation: Generation, found: Found) -> list[Difference]:
    resources, host = generation.spec.resources, found["HostConfig"]
    memory = resources.memory * 1024**2
    both = f"--memory {memory} --memory-swap {memory}"
    restart = host["RestartPolicy"]["Name"]
    pids = f"--pids-limit {resources.pids}"
    return [
        Difference("memory", host["Memory"], memory, both),
        Difference("memory with swap", host["MemorySwap"], memory, both),
        Difference("cpus", _processors(host), resources.cpus, _undo_cpus(host, resources.cpus)),
        Difference("processes", host["PidsLimit"], resources.pids, pids),
        Difference("restart policy", restart, "unless-stopped", "--restart unless-stopped"),
    ]


def _held_back(generation: Generation, found: Found) -> list[Difference]:
    security, host = generation.spec.security, found["HostConfig"]
    added = sorted(_capability(each) for each in host["CapAdd"] or ())
    return [
        Difference("read-only", host["ReadonlyRootfs"], security.read_only),
        Difference("privileged", host["Privileged"], False),
        Difference("dropped capabilities", host["CapDrop"], ["ALL"]),
        Difference("capabilities", added, sorted(security.capabilities)),
        Difference("security options", host["SecurityOpt"], ["no-new-privileges:true"]),
    ]


def _connected(network: str | None, found: Found) -> list[Difference]:
    if not network:
        return []
    networks = sorted(found["NetworkSettings"]["Networks"])
    return [
        Difference("network mode", found["HostConfig"]["NetworkMode"], network),
        Difference("networks", networks, [network]),
    ]


def _processors(host: Found) -> float:
    """Docker keeps them in one of two ways."""
    if host["NanoCpus"]:
        return float(host["NanoCpus"]) / 1e9
    return float(host["CpuQuota"]) / float(host["CpuPeriod"] or 100_000)


def _undo_cpus(host: Found, cpus: float) -> str:
    return (
        f"--cpu-quota {round(cpus * host['CpuPeriod'])}" if host["CpuPeriod"] else f"--cpus {cpus}"
    )


def _capability(name: str) -> str:
    return name.removeprefix("CAP_")
