"""What the lab has of a network: a loopback, and an address for daemons that refuse a loopback."""

import subprocess
from pathlib import Path

from lab.places import ADDRESS

# A pair of our own and not a dummy: Docker needs veth anyway, and not every kernel has both.
_BATCH = f"""\
link set lo up
link add lab0 type veth peer name lab0-end
address add {ADDRESS}/24 dev lab0
link set lab0 up
link set lab0-end up
"""


def furnish() -> None:
    subprocess.run(["ip", "-batch", "-"], input=_BATCH, text=True, check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
