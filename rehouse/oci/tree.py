"""The files of an image: its layers applied one after the other, as Docker's overlay does it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rehouse.oci.faults import Malformed
from rehouse.oci.layers import FOLDER, HARD_LINK, LINK, MOST_ENTRIES, Entry, Path_, entries, parts

_WHITEOUT, _META, _OPAQUE = ".wh.", ".wh..wh.", ".wh..wh..opq"
_MOST_HOPS = 40  # links on the way to one file, as in Linux


@dataclass(slots=True, eq=False)
class Node:
    """A file or a folder; one that hard links share is the same node in several places."""

    entry: Entry
    layer: int
    children: dict[str, "Node"] = field(default_factory=dict)
    shared: bool = False

    @property
    def is_folder(self) -> bool:
        return self.entry.kind == FOLDER


class Tree:
    """A root that layers are applied to, lowest first. The root itself stays root's, as in a container."""

    def __init__(self) -> None:
        self.root = Node(Entry((), FOLDER), 0)
        self.left_out: list[str] = []
        self._layer = self._entries = 0

    def apply(self, layer: Iterable[Entry]) -> None:
        """Raises Malformed. Whiteouts count for what is below this layer only, wherever they stand in it."""
        self._layer += 1
        brought = list(self._bounded(layer))
        for entry in brought:
            if _is_reserved(entry.path):
                self._white_out(entry.path)
        for entry in brought:
            if entry.path and not _is_reserved(entry.path):
                self._bring(entry)

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Path and node, a folder before what is in it, by name: the same tree in the same order."""
        ahead = [(name, self.root.children[name]) for name in sorted(self.root.children)][::-1]
        while ahead:
            path, node = ahead.pop()
            yield path, node
            ahead.extend(
                (f"{path}/{name}", node.children[name])
                for name in sorted(node.children, reverse=True)
            )

    def _bounded(self, layer: Iterable[Entry]) -> Iterator[Entry]:
        for entry in layer:
            self._entries += 1
            if self._entries > MOST_ENTRIES:
                raise Malformed(f"its layers have more than {MOST_ENTRIES} entries")
            yield entry

    def _white_out(self, path: Path_) -> None:
        *above, name = path
        hidden = name.removeprefix(_WHITEOUT)
        if _is_meta(path):
            return
        if _is_reserved(tuple(above)) or hidden in ("", ".", ".."):
            raise Malformed(f"a layer has a whiteout of nothing: {'/'.join(path)}")
        folder = self._lower(above)
        if folder and name == _OPAQUE:
            folder.children.clear()
        elif folder:
            folder.children.pop(hidden, None)

    def _lower(self, path: Iterable[str]) -> Node | None:
        node = self.root
        for part in path:
            if part not in node.children:
                return None
            node = node.children[part]
        return node

    def _bring(self, entry: Entry) -> None:
        if not entry.is_harmless:
            self.left_out.append("/".join(entry.path))
            return
        *above, name = entry.path
        folder = self._folder(tuple(above), make=True)
        there = folder.children.get(name)
        if entry.kind == HARD_LINK:
            folder.children[name] = self._linked(entry)
        elif entry.kind == FOLDER and there is not None and there.is_folder:
            there.entry = entry
        else:
            folder.children[name] = Node(entry, self._layer)

    def _linked(self, entry: Entry) -> Node:
        *above, name = parts(entry.target) or ("",)
        found = self._folder(tuple(above), make=False).children.get(name)
        if found is None or found.is_folder:
            raise Malformed(
                f"a layer has a hard link to what is no file there: {'/'.join(entry.path)}"
            )
        found.shared = True
        return found

    def _folder(self, path: Path_, *, make: bool) -> Node:
        """Through links that this layer brought. One from below gives way to a folder: so it does in an overlay."""
        way, ahead, hops = [self.root], list(path[::-1]), 0
        while ahead:
            part = ahead.pop()
            if part == "..":
                del way[max(1, len(way) - 1) :]
                continue
            found = way[-1].children.get(part)
            if found and found.entry.kind == LINK and found.layer == self._layer:
                hops += 1
                if hops > _MOST_HOPS:
                    raise Malformed(f"a layer has links in a circle: {'/'.join(path)}")
                del way[1 if found.entry.target.startswith("/") else len(way) :]
                ahead += [
                    each for each in found.entry.target.split("/")[::-1] if each not in ("", ".")
                ]
                continue
            if not (found and found.is_folder):
                found = Node(Entry((), FOLDER), self._layer)
                if make:
                    way[-1].children[part] = found
            way.append(found)
        return way[-1]


def merged(tars: Iterable[Path]) -> Tree:
    """The files of these layers, lowest first. Raises Malformed."""
    tree = Tree()
    for tar in tars:
        tree.apply(entries(tar))
    return tree


def _is_reserved(path: Path_) -> bool:
    return any(part.startswith(_WHITEOUT) for part in path)


def _is_meta(path: Path_) -> bool:
    """What an overlay of long ago kept for itself."""
    return any(part.startswith(_META) and part != _OPAQUE for part in path)
