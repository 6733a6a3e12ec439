"""YAML and configuration into models: every error with its place, in an operator's words."""

import difflib
import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from rehouse.components.errors import Wrong
from rehouse.components.tree import Place, Tree, dotted

Model = TypeVar("Model", bound=BaseModel)

MAX_PROBLEMS = 20

# Pydantic's kinds of errors in plain words; kinds that are not here have words of our own.
_WORDS = {
    "bool_type": "must be true or false, not {value}",
    "dict_type": "must be keys with values, not {value}",
    "finite_number": "must be a finite number, not {value}",
    "float_type": "must be a number, not {value}",
    "greater_than_equal": "is too small: {value}",
    "int_from_float": "must be a whole number, not {value}",
    "int_type": "must be a whole number, not {value}",
    "less_than_equal": "is too large: {value}",
    "literal_error": "must be {expected}, not {value}",
    "model_type": "must be keys with values, not {value}",
    "string_pattern_mismatch": "has the wrong form: {value}",
    "string_too_long": "is too long: {value}",
    "string_too_short": "must not be empty",
    "string_type": "must be text, not {value}",
    "too_long": "has too many entries: {value}",
    "too_short": "must not be empty",
    "tuple_type": "must be a list, not {value}",
}


def read_file(path: Path, model: type[Model]) -> Model:
    """The model that the YAML 1.2 file holds. Raises Wrong with file, line, key and value."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Wrong(
            str(path), f"cannot be read: {error.strerror}", "name a file that exists"
        ) from error
    return read_text(raw, str(path), model)


def read_text(raw: bytes, where: str, model: type[Model]) -> Model:
    """Like read_file, for bytes that were read already; *where* names them in errors."""
    tree = Tree(raw, where)
    return read_data(tree.data, model, tree.locate)


def read_data(
    data: object, model: type[Model], locate: Callable[[Place], str], quote: bool = True
) -> Model:
    """The model of *data*, which is what JSON can hold. Raises Wrong; *locate* says where a place stands.

    Without *quote* no value is part of the error: one may be a secret that stands where it should not.
    """
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        shown = data if quote else _hidden(data)
        raise _wrong(_true(error.errors()), model, shown, locate) from None


def _true(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without those that only follow from another one: mend that, and they are gone."""
    places = {error["loc"] for error in errors}
    return [error for error in errors if not _follows(error, places)]


def _follows(error: ErrorDetails, places: Collection[tuple[int | str, ...]]) -> bool:
    """A default that depends on a wrong key is not made; a list is counted without its wrong entries."""
    if error["type"] == "too_short":
        return any(_is_below(place, error["loc"]) for place in places)
    return error["type"] == "default_factory_not_called"


def _is_below(place: Place, above: Place) -> bool:
    return len(place) > len(above) and place[: len(above)] == above


def _wrong(
    errors: list[ErrorDetails], model: type[BaseModel], data: object, locate: Callable[[Place], str]
) -> Wrong:
    first, *others = [_problem(error, model, data, locate) for error in errors[:MAX_PROBLEMS]]
    lines = [str(problem) for problem in others]
    if len(errors) > MAX_PROBLEMS:
        lines.append(f"and {len(errors) - MAX_PROBLEMS} more")
    return Wrong(first.where, first.what, "\n".join([first.fix, *lines]))


def _problem(
    error: ErrorDetails, model: type[BaseModel], data: object, locate: Callable[[Place], str]
) -> Wrong:
    place = tuple(part for part in error["loc"] if part != "[key]")
    owner, field = _field_at(model, place)
    what, fix = _said(error, data, place), error.get("ctx", {}).get("fix") or _allowed(field)
    if error["type"] == "extra_forbidden":
        what, fix = "unknown key", _did_you_mean(str(place[-1]), owner)
    elif error["type"] == "missing":
        what = "is missing"
    elif error["type"] == "string_type" and isinstance(_at(data, place), int | float):
        fix = f"put it in quotes. {fix}"
    return Wrong(locate(place), f"{dotted(place)}: {what}", fix)


def _said(error: ErrorDetails, data: object, place: Place) -> str:
    value = _short(place[-1] if error["loc"][-1:] == ("[key]",) else _at(data, place))
    if words := _WORDS.get(error["type"]):
        expected = str(error.get("ctx", {}).get("expected")).replace("True", "true")
        return words.format(value=value, expected=expected)
    return f"{error['msg']}, not {value}"


def _field_at(model: type[BaseModel], place: Place) -> tuple[type[BaseModel], FieldInfo | None]:
    """The model that owns the last key of *place*, and the field of that key."""
    owner, field = model, None
    for part in place:
        if isinstance(part, int):  # an entry of a list
            continue
        found = owner.model_fields.get(str(part))
        if found is None:
            break
        field = found
        inner = _model_in(found.annotation)
        if inner is None or part == place[-1]:
            break
        owner = inner
    return owner, field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if found := _model_in(argument):
            return found
    return None


def _did_you_mean(key: str, owner: type[BaseModel]) -> str:
    allowed = sorted(owner.model_fields)
    close = difflib.get_close_matches(key, allowed, n=1)
    guess = f"did you mean '{close[0]}'? " if close else ""
    return f"{guess}allowed here: {', '.join(allowed)}"


def _allowed(field: FieldInfo | None) -> str:
    if field is None or not field.description:
        return "write lines like 'key: value'"
    example = f", for example {json.dumps(field.examples[0])}" if field.examples else ""
    return field.description.rstrip(".") + example


def _at(data: object, place: Place) -> object:
    for part in place:
        match data:
            case dict() if part in data:
                data = data[part]
            case list() if isinstance(part, int) and part < len(data):
                data = data[part]
    return data


def _hidden(data: object) -> object:
    match data:
        case dict():
            return {key: _hidden(each) for key, each in data.items()}
        case list():
            return [_hidden(each) for each in data]
    return "(not shown)"


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
