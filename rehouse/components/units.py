"""Durations and sizes as people write them: "30s", "256MiB"."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_MEBIBYTES = {"MiB": 1, "GiB": 1024}
_DURATION = r"^[0-9]{1,7}(ms|s|m|h)$"
_SIZE = r"^[0-9]{1,6}(MiB|GiB)$"


def seconds(text: object) -> float:
    number, unit = _split(text, _DURATION, "must be a duration like 500ms, 30s, 5m or 1h")
    return round(number * _SECONDS[unit], 3)


def mebibytes(text: object) -> int:
    number, unit = _split(text, _SIZE, "must be a size like 256MiB or 1GiB")
    return number * _MEBIBYTES[unit]


def _split(text: object, pattern: str, message: str) -> tuple[int, str]:
    if not isinstance(text, str) or not (match := re.match(pattern, text)):
        raise PydanticCustomError("unit", message)
    unit = match[1]
    return int(text.removesuffix(unit)), unit


def _written(duration: float) -> str:
    """One way to write each duration: the name of a generation must not depend on the unit."""
    milliseconds = round(duration * 1000)
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


def pause(text: object) -> float | None:
    """None for ``promote``: until a person says so."""
    return None if text == "promote" else seconds(text)


Pause = Annotated[
    float | None,
    BeforeValidator(pause),
    PlainSerializer(lambda length: "promote" if length is None else _written(length)),
    WithJsonSchema({"type": "string", "pattern": f"{_DURATION}|^promote$"}),
]
Seconds = Annotated[
    float,
    BeforeValidator(seconds),
    PlainSerializer(_written),
    WithJsonSchema({"type": "string", "pattern": _DURATION}),
]
Mebibytes = Annotated[
    int,
    BeforeValidator(mebibytes),
    PlainSerializer(lambda size: f"{size}MiB"),
    WithJsonSchema({"type": "string", "pattern": _SIZE}),
]
