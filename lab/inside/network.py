"""What the lab has of a network: a loopback, and an address for daemons that refuse a loopback."""

import subprocess
from pathlib import Path

from lab.places import ADDRESS, DOCKER_BRIDGE

# A bridge that is not docker0, though it has its address: a daemon with address pools of its own
# removes docker0 whenever it restarts, and a lab may have several daemons.
# A pair of our own and not a dummy: Docker needs veth anyway, and not every kernel has both.
_BATCH = f"""\
link set lo up
link add lab0 type veth peer name lab0-end
address add {ADDRESS}/24 dev lab0
link set lab0 up
link set lab0-end up
link add {DOCKER_BRIDGE} type bridge
address add 172.17.0.1/16 dev {DOCKER_BRIDGE}
link set {DOCKER_BRIDGE} up
"""


def furnish() -> None:
    subprocess.run(["ip", "-batch", "-"], input=_BATCH, text=True, check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
