"""What one would write without Rehouse: the same containers, no gate, no router.

A version has names of its own, so its containers are made before those of the last one are deleted.
Everything that a container is given is what rehouse/components/targets/container.py gives it; the limit of
processes, which the provider does not know, is left out.
"""

import pulumi
import pulumi_docker as docker

config = pulumi.Config()
rollout, image = config.require("rollout"), config.require("image")
# "own networks": one for each version, as Rehouse has it; "one network": made once.
name = f"web-{rollout}" if config.require("network") == "own networks" else "web"

provider = docker.Provider("local", host="unix:///var/run/docker.sock")
opts = pulumi.ResourceOptions(
    provider=provider, replace_on_changes=["*"], delete_before_replace=False
)
label = {"label": "bench.bare", "value": pulumi.get_project()}
network = docker.Network(
    name, driver="bridge", labels=[docker.NetworkLabelArgs(**label)], opts=opts
)
pulled = docker.RemoteImage(f"web-{rollout}-image", name=image, keep_locally=True, opts=opts)
for index in range(2):
    docker.Container(
        f"web-{rollout}-{index}",
        image=pulled.image_id,
        envs=[f"ROLLOUT={rollout}"],
        network_mode=network.name,
        labels=[docker.ContainerLabelArgs(**label)],
        restart="unless-stopped",
        must_run=False,
        init=True,
        memory=256,
        memory_swap=256,
        cpus="1.0",
        read_only=True,
        tmpfs={"/tmp": "rw,noexec,nosuid,size=64m", "/run": "rw,noexec,nosuid,size=16m"},
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=[]),
        security_opts=["no-new-privileges:true"],
        log_driver="json-file",
        log_opts={"max-size": "10m", "max-file": "3"},
        stop_signal="SIGTERM",
        stop_timeout=10,
        destroy_grace_seconds=10,
        opts=opts,
    )
pulumi.export("rollout", rollout)
