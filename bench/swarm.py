"""Docker's own way: `docker service update`, start first, behind the same HAProxy.

Swarm's routing mesh needs IPVS, which not every kernel has; and with one HAProxy on both sides the rollouts
are what differs. It finds the tasks by the cluster's DNS, as Docker's manual has it for --endpoint-mode dnsrr.
"""

import subprocess
from pathlib import Path

import docker
from docker.types import EndpointSpec, Healthcheck, Resources, ServiceMode, UpdateConfig

from bench.bounds import Failed
from bench.contenders import REPLICAS, image_of
from bench.prober import await_answer
from lab.places import ADDRESS, REGISTRY

SERVICE = "bench-web"
_NETWORK, _FRONT = "bench-mesh", "bench-front"
_SECOND = 1_000_000_000
HEALTH = "every 1 s"
_PATIENCE = 30

# As rehouse/components/front.py has it, but for the servers, which come from the cluster's DNS.
_CONFIG = """\
global
  log stdout format raw local0 notice
resolvers docker
  nameserver dns 127.0.0.11:53
  hold valid 100ms
  hold obsolete 0s
  timeout resolve 100ms
  timeout retry 100ms
frontend web
  mode http
  bind :{port}
  option idle-close-on-response
  timeout http-keep-alive 1h
  timeout client 1h
  default_backend web
backend web
  mode http
  balance roundrobin
  option forwardfor
  timeout connect 2s
  timeout server 1h
  timeout check 2s
  retries 3
  option redispatch 1
  option httpchk
  http-check send meth GET uri /healthz ver HTTP/1.1 hdr Host bench
  http-check expect status 200-399
  default-server check inter 250ms fastinter 100ms rise 1 fall 3 pool-purge-delay 250ms
  server-template web 8 {service}:8080 resolvers docker init-addr none
"""


class Cluster:
    """A swarm of one machine with one service, and the HAProxy before it."""

    def __init__(self, client: docker.DockerClient, folder: Path, port: int) -> None:
        self._client, self._folder, self._port = client, folder, port
        self.url = f"http://127.0.0.1:{port}"
        self.rollout = 0

    def raise_(self) -> None:
        self._client.swarm.init(advertise_addr=ADDRESS)
        self._client.networks.create(_NETWORK, driver="overlay", attachable=True)
        self._create_service()
        self._run_haproxy()
        await_answer(self.url, _PATIENCE)

    def update(self, parallelism: int) -> None:
        """By Docker's own command, which waits until the service has converged."""
        self.rollout += 1
        command = ["docker", "service", "update", "--quiet", f"--update-parallelism={parallelism}"]
        command += [f"--image={image_of(self.rollout)}", f"--env-add=ROLLOUT={self.rollout}"]
        done = subprocess.run([*command, SERVICE], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise Failed(f"docker service update: {done.stderr}")

    def _create_service(self) -> None:
        self._client.services.create(
            image_of(self.rollout),
            name=SERVICE,
            networks=[_NETWORK],
            mode=ServiceMode("replicated", REPLICAS),
            endpoint_spec=EndpointSpec(mode="dnsrr"),
            update_config=UpdateConfig(order="start-first"),
            # As the containers of the others are.
            init=True,
            read_only=True,
            cap_drop=["ALL"],
            resources=Resources(cpu_limit=_SECOND, mem_limit=256 << 20),
            # The image has no shell, which --health-cmd would need.
            healthcheck=Healthcheck(
                test=["CMD", "/example", "healthcheck"],
                interval=_SECOND,
                timeout=_SECOND,
                retries=3,
            ),
        )

    def _run_haproxy(self) -> None:
        config = self._folder / "haproxy.cfg"
        config.write_text(_CONFIG.format(port=self._port, service=SERVICE))
        self._client.containers.run(
            f"{REGISTRY}/haproxy:2.6",
            detach=True,
            name=_FRONT,
            network=_NETWORK,
            ports={f"{self._port}/tcp": self._port},
            user="0",
            volumes={str(config): {"bind": "/etc/haproxy/haproxy.cfg", "mode": "ro"}},
        )


class Swarm:
    """`docker service update`, so many tasks at once."""

    label = f"com.docker.swarm.service.name={SERVICE}"

    def __init__(self, cluster: Cluster, parallelism: int) -> None:
        self.title = f"swarm, parallelism {parallelism}"
        self._cluster, self._parallelism = cluster, parallelism
        self.url: str | None = cluster.url

    @property
    def rollout(self) -> int:
        return self._cluster.rollout

    def roll(self) -> None:
        self._cluster.update(self._parallelism)


def leave(client: docker.DockerClient) -> None:
    """Nothing of a swarm remains; safe to repeat."""
    for front in client.containers.list(all=True, filters={"name": f"^/{_FRONT}$"}):
        front.remove(force=True)
    if client.info()["Swarm"]["LocalNodeState"] != "inactive":
        client.swarm.leave(force=True)
    for bridge in client.networks.list(names=["^docker_gwbridge$"]):
        bridge.remove()
