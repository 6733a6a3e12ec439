"""How long the command takes that ends what SIGKILL cut off, beside an undisturbed rollout."""

import time
from dataclasses import dataclass

from bench.bounds import Failed
from bench.commanded import Commanded


@dataclass(frozen=True)
class Recovery:
    """Seconds of an undisturbed deploy, of the one that was killed, and of the one after that."""

    deploy: float
    killed: float
    over: bool  # it had ended before it could be killed
    recovery: float


def recover(service: Commanded, part: float) -> Recovery:
    """Command and engine are killed after that *part* of a rollout."""
    service.change()
    deploy = service.call("deploy")
    service.change()
    with service.meanwhile("deploy") as process:
        time.sleep(part * deploy)
        over = process.poll() is not None
    recovery = service.call("deploy")
    if list((now := service.standing()).values()) != [100]:
        raise Failed(f"recovered, and {now} stand")
    return Recovery(deploy, part * deploy, over, recovery)
