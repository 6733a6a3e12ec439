"""YAML and configuration into models: bounded, without surprises, every error with its place."""

import difflib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from rehouse.components.errors import Wrong

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_NODES = 5_000  # after aliases are followed, so that they cannot multiply

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[int | str, ...]


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
    tree = _parse(raw, where)
    data = _plain(tree, where)

    def locate(place: Place) -> str:
        line = _line(tree, place)
        return f"{where}:{line}" if line else where

    return read_data(data, model, locate)


def read_data(data: object, model: type[Model], locate: Callable[[Place], str]) -> Model:
    """The model of *data*, which is what JSON can hold. Raises Wrong; *locate* says where a place stands."""
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise _wrong(error.errors(), model, data, locate) from None


def _parse(raw: bytes, where: str) -> Any:
    if len(raw) > MAX_BYTES:
        raise Wrong(where, f"is {len(raw)} bytes long", f"at most {MAX_BYTES} bytes are read")
    try:
        tree = YAML(typ="rt", pure=True).load(io.StringIO(raw.decode()))
    except UnicodeDecodeError as error:
        raise Wrong(where, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}" if mark else where
        problem = " ".join(str(error.problem or error.context).split())
        raise Wrong(place, f"is not valid YAML: {problem}", "mend the syntax there") from None
    except (
        YAMLError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        AssertionError,
        IndexError,
    ) as error:
        problem = " ".join(str(error).split())[:200]
        raise Wrong(where, f"is not valid YAML: {problem}", "mend the syntax") from None
    except RecursionError:
        raise Wrong(where, "is nested too deeply", f"at most {MAX_DEPTH} levels") from None
    if tree is None:
        raise Wrong(where, "is empty", "start from the annotated reference, reference.yaml")
    return tree


def _plain(tree: Any, where: str) -> object:
    """Only what JSON knows, and bounded, however often an alias repeats it."""
    left = MAX_NODES

    def walk(node: Any, place: Place) -> object:
        nonlocal left
        left -= 1
        if left < 0 or len(place) > MAX_DEPTH:
            fix = f"at most {MAX_NODES} values and {MAX_DEPTH} levels, aliases counted each time"
            raise Wrong(where, "is too large once its aliases are followed", fix)
        if isinstance(node, Mapping):
            return {
                _key(key, tree, place, where): walk(value, (*place, key))
                for key, value in node.items()
            }
        if isinstance(node, list):
            return [walk(item, (*place, index)) for index, item in enumerate(node)]
        return _scalar(node, tree, place, where)

    return walk(tree, ())


def _key(key: object, tree: Any, place: Place, where: str) -> str:
    if not isinstance(key, str):
        line = _line(tree, place)
        raise Wrong(
            f"{where}:{line}" if line else where, f"key {key!r} is not text", f'write "{key}"'
        )
    return str(key)


def _scalar(node: Any, tree: Any, place: Place, where: str) -> object:
    if node is None or isinstance(node, bool):
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    if type(node).__name__ == "ScalarBoolean":
        return bool(node)
    line = _line(tree, place)
    what = f"{_dotted(place)}: is a {type(node).__name__}, {str(node)[:60]!r}"
    raise Wrong(f"{where}:{line}" if line else where, what, "put it in quotes")


def _line(tree: Any, place: Place) -> int | None:
    """The line, from 1, of the last part of *place* that stands in the file."""
    line = None
    for part in place:
        if not isinstance(tree, CommentedMap | CommentedSeq) or part not in _parts(tree):
            break
        position = tree.lc.key(part) if isinstance(tree, CommentedMap) else tree.lc.item(part)
        line, tree = position[0] + 1, tree[part]
    return line


def _parts(tree: CommentedMap | CommentedSeq) -> Any:
    if isinstance(tree, CommentedMap):
        return tree.lc.data or {}  # keys that a merge brought have no line of their own
    return range(len(tree))


def _wrong(
    errors: list[ErrorDetails], model: type[BaseModel], data: object, locate: Callable[[Place], str]
) -> Wrong:
    problems = [_problem(error, model, data, locate) for error in errors]
    first = problems[0]
    if len(problems) == 1:
        return first
    rest = "\n".join(str(problem) for problem in problems[1:])
    return Wrong(first.where, first.what, f"{first.fix}\n{rest}")


def _problem(
    error: ErrorDetails, model: type[BaseModel], data: object, locate: Callable[[Place], str]
) -> Wrong:
    place = tuple(part for part in error["loc"] if part != "[key]")
    owner, field = _field_at(model, place)
    if error["type"] == "extra_forbidden":
        return Wrong(
            locate(place), f"{_dotted(place)}: unknown key", _did_you_mean(str(place[-1]), owner)
        )
    if error["type"] == "missing":
        return Wrong(locate(place), f"{_dotted(place)}: is missing", _allowed(field))
    value = _shown(data, place)
    return Wrong(
        locate(place), f"{_dotted(place)}: {_lower(error['msg'])}, not {value}", _allowed(field)
    )


def _field_at(model: type[BaseModel], place: Place) -> tuple[type[BaseModel], FieldInfo | None]:
    """The model that owns the last key of *place*, and the field of that key."""
    owner, field = model, None
    for part in place:
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
        return "give a value of the right kind"
    example = f", for example {json.dumps(field.examples[0])}" if field.examples else ""
    return field.description.rstrip(".") + example


def _shown(data: object, place: Place) -> str:
    for part in place:
        match data:
            case dict() if part in data:
                data = data[part]
            case list() if isinstance(part, int) and part < len(data):
                data = data[part]
    text = json.dumps(data)
    return text if len(text) <= 80 else text[:77] + "..."


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place) or "the document"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
