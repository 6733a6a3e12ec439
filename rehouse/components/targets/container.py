"""Instances as hardened Docker containers."""

import hashlib
import itertools

import pulumi
import pulumi_docker as docker

from rehouse.components.generation import Generation
from rehouse.components.pulled import PulledImage
from rehouse.components.site import Daemon, address_of
from rehouse.components.targets.base import Instance
from rehouse.components.targets.network import BridgeNetwork
from rehouse.components.targets.secrets import SecretVolume
from rehouse.components.tunnel import SSH_OPTIONS

SECRETS = "/run/secrets"


def provider_of(daemon: Daemon, service: str, opts: pulumi.ResourceOptions) -> docker.Provider:
    """One explicit provider a daemon. Its address is in its name: a provider that changes its address would
    believe that what runs at the old one runs at the new one."""
    digest = hashlib.sha256(daemon.url.encode()).hexdigest()[:7]
    return docker.Provider(
        f"{service}-{daemon.name}-{digest}",
        host=daemon.url,
        cert_path=daemon.certificates,
        ssh_opts=list(SSH_OPTIONS) if daemon.url.startswith("ssh://") else None,
        opts=opts,
    )


class ContainerHouse:
    """What the containers of one generation share on one daemon: image, network and secrets.

    The network is the generation's own. A container that restarts takes the lowest free address of its
    network, so only there can it never be given one that the router holds for another generation.
    """

    def __init__(
        self,
        generation: Generation,
        daemon: Daemon,
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._generation, self._daemon = generation, daemon
        # What stands is never updated or replaced in place: a preview says that it would be, an update leaves it.
        belt = pulumi.ResourceOptions(
            provider=provider, ignore_changes=None if pulumi.runtime.is_dry_run() else ["*"]
        )
        self._opts = pulumi.ResourceOptions.merge(opts, belt)
        name = f"{generation.name}-{daemon.name}"
        published = generation.placement().count(daemon) if daemon.reached_at else 0
        self._dynamic = opts
        self._network = BridgeNetwork(name, daemon, published, self._identity(), opts)
        self._placed = itertools.count()
        self._image = self._pulled(f"{name}-image")
        self._secrets = self._written(f"{name}-secrets", opts) if generation.secrets else None

    def place(self, name: str) -> Instance:
        spec = self._generation.spec
        port = self._host_port()
        container = docker.Container(
            name,
            image=self._image,
            command=list(spec.command) if spec.command else None,
            envs=self._environment(name),
            user=spec.security.user,
            network_mode=self._network.network,
            ports=self._ports(port),
            labels=self._labels(name),
            restart="unless-stopped",
            must_run=False,  # the gate sees what ended, at once and with its log
            init=True,
            memory=spec.resources.memory,
            memory_swap=spec.resources.memory,
            cpus=str(spec.resources.cpus),
            read_only=spec.security.read_only,
            tmpfs={"/tmp": "rw,noexec,nosuid,size=64m", "/run": "rw,noexec,nosuid,size=16m"},  # noqa: S108
            capabilities=docker.ContainerCapabilitiesArgs(
                drops=["ALL"], adds=[f"CAP_{each}" for each in sorted(spec.security.capabilities)]
            ),
            security_opts=["no-new-privileges:true"],
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            stop_signal=spec.stop.signal,
            stop_timeout=int(spec.stop.grace),
            destroy_grace_seconds=int(spec.stop.grace),
            volumes=self._mounts(),
            opts=self._opts,
        )
        answers_at = port or pulumi.Output.from_input(spec.port)
        return Instance(name, self._daemon, container.id, self._address(container), answers_at)

    def _pulled(self, name: str) -> pulumi.Input[str]:
        """The id of the image; one that exists only locally is there already, and pinned by its id."""
        pinned = self._generation.image
        if pinned.startswith("sha256:"):
            return pinned
        return PulledImage(name, pinned, self._daemon, self._dynamic).image_id

    def _written(self, name: str, opts: pulumi.ResourceOptions) -> SecretVolume:
        # Deleted one after the other: both look for what a killed client left.
        after = pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=[self._network])
        )
        return SecretVolume(
            name, self._generation, self._daemon, self._image, self._identity(), after
        )

    def _environment(self, name: str) -> list[str]:
        own = {"REHOUSE_GENERATION": self._generation.name, "REHOUSE_INSTANCE": name}
        return sorted(
            f"{key}={value}" for key, value in {**self._generation.spec.env, **own}.items()
        )

    def _mounts(self) -> list[docker.ContainerVolumeArgs] | None:
        if not self._secrets:
            return None
        return [
            docker.ContainerVolumeArgs(
                volume_name=self._secrets.volume, container_path=SECRETS, read_only=True
            )
        ]

    def _host_port(self) -> pulumi.Output[int] | None:
        """Only where the instance's own address cannot be reached directly."""
        if not self._daemon.reached_at:
            return None
        index = next(self._placed)
        return self._network.ports.apply(lambda ports: int(ports[index]))

    def _ports(self, port: pulumi.Output[int] | None) -> list[docker.ContainerPortArgs] | None:
        if port is None:
            return None
        return [docker.ContainerPortArgs(internal=self._generation.spec.port, external=port)]

    def _address(self, container: docker.Container) -> pulumi.Output[str]:
        if self._daemon.reached_at:
            return pulumi.Output.from_input(address_of(self._daemon))
        return container.network_datas.apply(
            lambda networks: (networks[0].ip_address if networks else None) or ""
        )

    def _labels(self, name: str) -> list[docker.ContainerLabelArgs]:
        return [
            docker.ContainerLabelArgs(label=label, value=value)
            for label, value in {**self._identity(), "rehouse.instance": name}.items()
        ]

    def _identity(self) -> dict[str, str]:
        return {
            "rehouse.stack": f"{pulumi.get_project()}/{pulumi.get_stack()}",
            "rehouse.service": self._generation.spec.service,
            "rehouse.generation": self._generation.name,
        }
