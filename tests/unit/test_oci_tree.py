"""Layers become one tree: compared with a model that applies them one after the other to a dict."""

import io
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehouse.oci.faults import Malformed
from rehouse.oci.stream import write_tar
from rehouse.oci.tree import Tree, merged
from tests.unit.oci_images import DIR, HARD, LINK, Item, laid, layer

MOST = 1 << 24


def read(tree: Tree) -> dict[str, tarfile.TarInfo]:
    """What the tar says that the disk is made of."""
    raw = io.BytesIO()
    write_tar(tree, raw, MOST)
    raw.seek(0)
    with tarfile.open(fileobj=raw, encoding="utf-8", errors="surrogateescape") as tar:
        return {member.name: member for member in tar}


def files(tree: Tree) -> dict[str, bytes]:
    """The content under each name of a file."""
    raw = io.BytesIO()
    write_tar(tree, raw, MOST)
    raw.seek(0)
    with tarfile.open(fileobj=raw) as tar:
        opened = {member.name: tar.extractfile(member) for member in tar if not member.issym()}
        return {name: file.read() for name, file in opened.items() if file}


# --- the model: no tree, no order of its own, nothing shared but a number -----------------------------

Model = dict[tuple[str, ...], tuple[str, Any]]


def model(layers: list[list[Item]]) -> Model | None:
    """Path to kind and what it has, or None where the image is malformed."""
    lower: Model = {}
    for number, items in enumerate(layers):
        _hide(lower, items)
        for position, item in enumerate(items):
            if "/.wh." not in f"/{item.name}" and not _put(lower, item, (number, position)):
                return None
    return lower


def _put(lower: Model, item: Item, identity: tuple[int, int]) -> bool:
    path = tuple(item.name.strip("/").split("/"))
    for length in range(1, len(path)):
        if lower.get(path[:length], ("", None))[0] != "folder":
            lower[path[:length]] = ("folder", 0o755)
    new: tuple[str, Any] = ("link" if item.type == LINK else "file", identity)
    if item.type == HARD:
        new = lower.get(tuple(item.link.split("/")), ("folder", identity))
        if new[0] == "folder":
            return False
    if item.type == DIR:
        new = ("folder", item.mode)
    else:
        _drop_below(lower, path)
    lower[path] = new
    return True


def _hide(lower: Model, items: list[Item]) -> None:
    for item in items:
        *above, name = item.name.strip("/").split("/")
        if name == ".wh..wh..opq":
            _drop_below(lower, tuple(above))
        elif name.startswith(".wh."):
            lower.pop((*above, name[4:]), None)
            _drop_below(lower, (*above, name[4:]))


def _drop_below(lower: Model, path: tuple[str, ...]) -> None:
    for each in [each for each in lower if len(each) > len(path) and each[: len(path)] == path]:
        del lower[each]


names = st.sampled_from("ab")
folders = st.lists(names, max_size=2).map(lambda parts: "/".join(parts))
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
items = st.one_of(
    paths.map(Item),
    st.builds(
        lambda path, mode: Item(path + "/", type=DIR, mode=mode),
        paths,
        st.sampled_from([0o700, 0o1777]),
    ),
    st.builds(lambda path: Item(f"{path}/.wh..wh..opq".lstrip("/")), folders),
    st.builds(lambda path, name: Item(f"{path}/.wh.{name}".lstrip("/")), folders, names),
    st.builds(lambda path, target: Item(path, type=HARD, link=target), paths, paths),
    st.builds(lambda path: Item(f"{path}/link".lstrip("/"), type=LINK, link="/nowhere"), folders),
)
images = st.lists(st.lists(items, max_size=8), max_size=5)


@settings(max_examples=300, deadline=None)
@given(images)
def test_every_image_is_what_the_model_says(layers: list[list[Item]]) -> None:
    """Names, kinds, modes of folders, which file it is of all with that name, and what is shared."""
    named = [
        [
            Item(**{**vars(item), "mtime": 1 + number * 100 + position})
            for position, item in enumerate(each)
        ]
        for number, each in enumerate(layers)
    ]
    expected = model(layers)
    with tempfile.TemporaryDirectory() as folder:
        tars = laid(Path(folder), *(layer(*each) for each in named))
        if expected is None:
            with pytest.raises(Malformed):
                merged(tars)
            return
        found = read(merged(tars))
    assert {"/".join(path): _seen(kind, has) for path, (kind, has) in expected.items()} == {
        name: _read(found, member) for name, member in found.items()
    }


def _seen(kind: str, has: Any) -> tuple[str, int]:
    return (kind, has) if kind == "folder" else (kind, 1 + has[0] * 100 + has[1])


def _read(found: dict[str, tarfile.TarInfo], member: tarfile.TarInfo) -> tuple[str, int]:
    first = found[member.linkname] if member.islnk() else member
    if first.isdir():
        return "folder", first.mode
    return "link" if first.issym() else "file", int(first.mtime)


# --- single rules, each with its example ---------------------------------------------------------------


def tree_of(folder: Path, *layers: tuple[Item | str, ...]) -> Tree:
    return merged(laid(folder, *(layer(*each) for each in layers)))


def test_a_whiteout_hides_what_is_below_its_layer_only(tmp_path: Path) -> None:
    """Also where it stands after the new file of that name."""
    tree = tree_of(
        tmp_path, (Item("a", b"old"), Item("b", b"old")), (Item("a", b"new"), ".wh.a", ".wh.b")
    )
    assert files(tree) == {"a": b"new"}


def test_an_opaque_folder_hides_what_was_in_it_and_stays(tmp_path: Path) -> None:
    """Wherever the mark stands among the layer's entries."""
    below = (Item("d/", type=DIR, mode=0o700), "d/old", "d/deep/old", "kept")
    tree = tree_of(tmp_path, below, ("d/new", "d/.wh..wh..opq"))
    assert {name: each.mode for name, each in read(tree).items()} == {
        "d": 0o700,
        "d/new": 0o644,
        "kept": 0o644,
    }


def test_a_hard_link_keeps_what_an_upper_layer_replaces_under_the_other_name(
    tmp_path: Path,
) -> None:
    below = (Item("a", b"old"), Item("b", type=HARD, link="a"))
    assert files(tree_of(tmp_path, below, (Item("a", b"new"),))) == {"a": b"new", "b": b"old"}


def test_a_hard_link_to_a_file_of_a_lower_layer_is_the_same_file(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, (Item("z", b"one"),), (Item("a", type=HARD, link="/z"),))
    found = read(tree)
    assert (found["z"].islnk(), found["z"].linkname, files(tree)) == (
        True,
        "a",
        {"a": b"one", "z": b"one"},
    )


def test_a_folder_has_the_metadata_of_the_uppermost_layer(tmp_path: Path) -> None:
    """And keeps those that it has where a layer only puts something into it, and what is in it in any case."""
    layers = (
        (Item("d/", type=DIR, mode=0o700),),
        (Item("d/", type=DIR, mode=0o2750, uid=5, gid=6),),
        ("d/file",),
    )
    found = read(tree_of(tmp_path, *layers, (Item("d/", type=DIR, mode=0o2750, uid=5, gid=6),)))
    assert (found["d"].mode, found["d"].uid, found["d"].gid) == (0o2750, 5, 6)
    assert list(found) == ["d", "d/file"]


def test_the_root_stays_roots(tmp_path: Path) -> None:
    """As in a container, whatever the folder was that somebody packed."""
    tree = tree_of(tmp_path, (Item("./", type=DIR, mode=0o700, uid=1000), "./a"))
    assert (tree.root.entry.mode, tree.root.entry.uid, list(read(tree))) == (0o755, 0, ["a"])


def test_links_of_the_same_layer_are_followed_within_the_root(tmp_path: Path) -> None:
    link = Item("lib", type=LINK, link="../../usr/lib")
    assert sorted(read(tree_of(tmp_path, ("usr/lib/", link, "lib/x")))) == [
        "lib",
        "usr",
        "usr/lib",
        "usr/lib/x",
    ]


def test_a_link_of_a_lower_layer_gives_way_to_a_folder(tmp_path: Path) -> None:
    """As in an overlay: a layer does not know what is below it."""
    tree = tree_of(tmp_path, ("usr/lib/y", Item("lib", type=LINK, link="usr/lib")), ("lib/x",))
    assert read(tree)["lib"].isdir()


def test_devices_that_no_container_may_open_are_left_out_and_named(tmp_path: Path) -> None:
    char, block = tarfile.CHRTYPE, tarfile.BLKTYPE
    items = (
        Item("null", type=char, device=(1, 3)),
        Item("mem", type=char, device=(1, 1)),
        Item("vda", type=block, device=(1, 3)),
    )
    tree = tree_of(tmp_path, items)
    assert (list(read(tree)), tree.left_out) == (["null"], ["mem", "vda"])


@pytest.mark.parametrize(
    "items",
    [
        ("../a",),
        ("a/../../b",),
        ("/../a",),
        (Item("a", type=HARD, link="../../etc/shadow"),),
        (Item("a", type=HARD, link="missing"),),
        ("d/", Item("a", type=HARD, link="d")),
        (".wh.",),
        (".wh..",),
        ("a/.wh...",),
        (".wh.a/b",),
        (Item("a", type=LINK, link="b"), Item("b", type=LINK, link="a"), "a/x"),
        (Item("a", type=LINK),),
        (Item("a", type=b"Q"),),
        (Item("x" * 256),),
        (Item("/".join(["x" * 200] * 30)),),
        (Item("a", uid=2**32),),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, items: tuple[Item | str, ...]) -> None:
    with pytest.raises(Malformed):
        tree_of(tmp_path, items)


def test_a_path_that_only_looks_as_if_it_escaped_is_what_it_says(tmp_path: Path) -> None:
    assert list(read(tree_of(tmp_path, ("/a/../b", "./c", "d//e")))) == ["b", "c", "d", "d/e"]


def test_an_overlay_s_own_files_of_long_ago_are_no_files(tmp_path: Path) -> None:
    assert list(
        read(tree_of(tmp_path, (".wh..wh.plnk/", ".wh..wh.plnk/12.34", ".wh..wh.aufs", "a")))
    ) == ["a"]
