"""The service that the command `rehouse` drives: called, watched, killed."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bounds import PATIENCE, Failed, timed
from bench.contenders import Rehouse
from bench.family import Family
from lab.demo_stack import environment

COMMAND = str(Path(sys.executable).with_name("rehouse"))
NAME = "commanded"


class Commanded(Rehouse):
    """As Rehouse, by `rehouse deploy`."""

    title = "rehouse deploy"

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port, NAME)
        self._environment = environment(folder / NAME, NAME)

    def roll(self) -> None:
        self.change()
        self.call("deploy")

    def call(self, *words: str) -> float:
        """Seconds until it had ended, and well."""
        ended = timed([COMMAND, *words], self._stack.folder, self._environment)
        if ended.code != 0:
            raise Failed(f"rehouse {words[0]} ended with {ended.code}:\n{ended.text}")
        return ended.seconds

    def standing(self) -> dict[str, int]:
        """Generations and their shares. Raises Failed where something was cut off."""
        status = [COMMAND, "status", "--json"]
        done = subprocess.run(
            status,
            cwd=self._stack.folder,
            env=self._environment,
            capture_output=True,
            timeout=PATIENCE,
        )
        if done.returncode != 0 or json.loads(done.stdout)["interrupted"]:
            raise Failed(f"rehouse status: {done.stdout!r} {done.stderr!r}")
        return dict(json.loads(done.stdout)["standing"])

    @contextlib.contextmanager
    def meanwhile(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Called, and killed at the end with all that it started, as when the machine dies."""
        family = Family()
        process = subprocess.Popen(
            [COMMAND, *words],
            cwd=self._stack.folder,
            env={**self._environment, **family.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            family.vanish(process.poll)
            process.wait()

    def left_baking(self) -> None:
        """The next generation has the traffic, the old one stands, and nobody watches."""
        self.change(rollout={"bake": "1h"})
        with self.meanwhile("deploy") as watching:
            deadline = time.monotonic() + PATIENCE
            while sorted(self.standing().values()) != [0, 100]:
                if time.monotonic() > deadline or watching.poll() is not None:
                    raise Failed(f"no bake has begun: {self.standing()}, {watching.poll()}")
            watching.send_signal(signal.SIGINT)
            code = watching.wait(PATIENCE)
        if code != 128 + signal.SIGINT:
            raise Failed(f"interrupted while it bakes, rehouse deploy ended with {code}")
