"""YAML 1.2 as it is written: into what JSON can hold, bounded, and with the line of every key."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from rehouse.components.errors import Wrong

MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_NODES = 5_000  # after aliases are followed, so that they cannot multiply

Place = tuple[int | str, ...]

_PLAIN = "plain"
_DEFAULTS = (_PLAIN, "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")

# The core schema of YAML 1.2, chapter 10.3.2, with bounded whole numbers; whatever else is plain is text.
_CORE: tuple[tuple[str, Callable[[str], object]], ...] = (
    (r"~|null|Null|NULL|", lambda _: None),
    (r"true|True|TRUE", lambda _: True),
    (r"false|False|FALSE", lambda _: False),
    (r"[-+]?[0-9]{1,18}", int),
    (r"0o[0-7]{1,20}", lambda text: int(text[2:], 8)),
    (r"0x[0-9a-fA-F]{1,15}", lambda text: int(text[2:], 16)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", lambda text: float(text.replace(".", ""))),
)


class Tree:
    """One document. Raises Wrong, with file and line, for what is not YAML or not for us."""

    def __init__(self, raw: bytes, where: str) -> None:
        self._where, self._left = where, MAX_NODES
        self._root = _composed(raw, where)
        self.data = self._value(self._root, ())

    def locate(self, place: Place) -> str:
        """File and line of the last part of *place* that stands in the file."""
        node, line = self._root, None
        for part in place:
            found = [(mark, value) for key, mark, value in _children(node) if key == part]
            if not found:
                break
            line, node = found[0]
        return f"{self._where}:{line}" if line else self._where

    def _value(self, node: Any, place: Place) -> object:
        self._left -= 1
        if self._left < 0 or len(place) > MAX_DEPTH:
            fix = f"at most {MAX_NODES} values and {MAX_DEPTH} levels, aliases counted each time"
            raise Wrong(self._where, "is too large or nested too deeply", fix)
        if str(node.tag) not in _DEFAULTS:
            raise self._wrong(
                node, f"{dotted(place)}: has the tag {_short(node.tag)}", "leave the tag out"
            )
        match node:
            case MappingNode():
                return self._mapping(node, place)
            case SequenceNode():
                return [self._value(item, (*place, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, object]:
        first: dict[str, int] = {}
        for key, _ in node.value:
            name = self._scalar(key, place) if isinstance(key, ScalarNode) else None
            if not isinstance(name, str):
                what = f"a key in {dotted(place)} is not text"
                raise self._wrong(key, what, _quoted(key))
            if name in first:
                what = f"{dotted((*place, name))}: stands twice, first in line {first[name]}"
                raise self._wrong(key, what, "keep one of them")
            first[name] = key.start_mark.line + 1
        return {str(key): self._value(value, (*place, key)) for key, _, value in _children(node)}

    def _scalar(self, node: ScalarNode, place: Place) -> object:
        if not node.value.isascii() and re.search("[\ud800-\udfff]", node.value):
            what = f"{dotted(place)}: has half of a surrogate pair, which is no character"
            raise self._wrong(node, what, "write the character itself")
        return _meant(node.value) if str(node.tag) == _PLAIN else str(node.value)

    def _wrong(self, node: Node, what: str, fix: str) -> Wrong:
        return Wrong(f"{self._where}:{node.start_mark.line + 1}", what, fix)


def dotted(place: Place) -> str:
    return ".".join(str(part) for part in place) or "the document"


def _composed(raw: bytes, where: str) -> Node:
    """The nodes as they stand in the file; nothing is constructed, so tags and merges do nothing."""
    if len(raw) > MAX_BYTES:
        raise Wrong(where, f"is {len(raw)} bytes long", f"at most {MAX_BYTES} bytes are read")
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = _Unresolved
    try:
        text = raw.decode()
        yaml.composer.warn_double_anchors = False
        root: Node | None = yaml.compose(text)
    except UnicodeDecodeError as error:
        raise Wrong(where, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from None
    except RecursionError:
        raise Wrong(where, "is nested too deeply", f"at most {MAX_DEPTH} levels") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"has the character U+{ord(text[error.position]):04X}, which YAML does not allow"
        raise Wrong(f"{where}:{line}", what, "delete it") from None
    except MarkedYAMLError as error:
        raise _invalid(error, where) from None
    except (YAMLError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        problem = " ".join(str(error).split())[:200]
        raise Wrong(where, f"is not valid YAML: {problem}", "mend the syntax") from None
    if root is None or (str(root.tag) == _PLAIN and root.value == ""):
        raise Wrong(where, "is empty", "start from the annotated reference, reference.yaml")
    return root


def _invalid(error: MarkedYAMLError, where: str) -> Wrong:
    mark = error.problem_mark or error.context_mark
    problem = " ".join(str(error.problem or error.context).split())
    fix = "indent with spaces" if "'\\t'" in problem else "mend the syntax there"
    return Wrong(
        f"{where}:{mark.line + 1}" if mark else where, f"is not valid YAML: {problem}", fix
    )


class _Unresolved(VersionedResolver):
    """Leaves plain scalars to _CORE: ruamel knows more than YAML 1.2 does, like 1_000 and dates."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is ScalarNode and implicit[0]:
            return Tag(suffix=_PLAIN)
        return super().resolve(kind, value, implicit)


def _meant(text: str) -> object:
    for pattern, convert in _CORE:
        if re.fullmatch(pattern, text):
            return convert(text)
    return text


def _children(node: Node) -> Iterator[tuple[int | str, int, Node]]:
    """Key or index, line from 1, and value."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield key.value, key.start_mark.line + 1, value
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield index, item.start_mark.line + 1, item


def _quoted(key: Node) -> str:
    return f'write "{key.value}"' if isinstance(key, ScalarNode) else "write a name"


def _short(tag: object) -> str:
    return str(tag).replace("tag:yaml.org,2002:", "!!")
