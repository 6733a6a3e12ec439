"""What the lab says when it cannot go on: where, what, and the way out."""

from typing import Self


class LabError(Exception):
    """Where: what is wrong; then a command or a change that mends it."""

    def __init__(self, where: str, what: str, fix: str) -> None:
        super().__init__(f"{where}: {what}\nfix: {fix}")

    @classmethod
    def missing(cls, program: str, package: str) -> Self:
        return cls("lab", f"the program {program} is not installed", f"apt-get install {package}")
