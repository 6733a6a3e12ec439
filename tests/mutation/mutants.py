"""The small changes of a module: decisions, words and numbers, one each time; never texts for people."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
OF_TYPES = ("annotation", "returns", "decorator_list", "bases")
TYPES = ("Annotated", "Callable", "Literal", "TypeVar")


@dataclass(frozen=True)
class Mutant:
    """*node* in this *field* (at this *index*, of a list) becomes *other*; removed where that is None."""

    holder: ast.AST
    field: str
    index: int | None
    other: ast.AST | None
    line: int
    change: str

    def make(self) -> None:
        """In place, and for good: the tree is of use to nobody else."""
        if self.index is None:
            setattr(self.holder, self.field, self.other)
        elif self.other is None:
            del getattr(self.holder, self.field)[self.index]
        else:
            getattr(self.holder, self.field)[self.index] = self.other


def mutants(tree: ast.Module) -> list[Mutant]:
    """All of them, in the order of the lines."""
    return sorted(_within(tree), key=lambda mutant: mutant.line)


def _within(holder: ast.AST) -> Iterator[Mutant]:
    for field, value in ast.iter_fields(holder):
        if field in OF_TYPES:
            continue
        listed = isinstance(value, list)
        for index, node in enumerate(value if listed else [value]):
            if not isinstance(node, ast.AST) or _is_type(node) or _is_docstring(node):
                continue
            for other in _others(holder, field, node):
                yield _mutant(holder, field, index if listed else None, node, other)
            yield from _within(node)
    yield from _without_parts(holder)


def _mutant(
    holder: ast.AST, field: str, index: int | None, node: ast.AST, other: ast.AST | None
) -> Mutant:
    near = node if hasattr(node, "lineno") else holder
    told = ast.unparse(near).partition("\n")[0]
    if other is None:
        change = f"{told}  →  (removed)"
    elif near is node:
        change = f"{told}  →  {ast.unparse(other).partition(chr(10))[0]}"
    else:
        change = f"{told}  →  {type(other).__name__} for {type(node).__name__}"
    return Mutant(holder, field, index, other, near.lineno, change)  # type: ignore[attr-defined]


def _others(holder: ast.AST, field: str, node: ast.AST) -> Iterator[ast.AST]:
    if type(node) in SWAPPED:
        yield SWAPPED[type(node)]()
    if field in ("test", "ifs", "guard") and isinstance(node, ast.expr):
        yield _at(node, ast.UnaryOp(ast.Not(), node))
    if isinstance(node, ast.Constant):
        yield from (_at(node, other) for other in _other_values(node.value, holder))
    match node:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield _at(node, ast.Return(ast.Constant(None)))
        case ast.Expr() | ast.Raise() | ast.Assert() | ast.AugAssign():
            yield _at(node, ast.Pass())


def _other_values(value: object, holder: ast.AST) -> Iterator[ast.AST]:
    """Of words alone, which the code compares; what has a space in it is for people."""
    match value:
        case bool():
            yield ast.Constant(not value)
        case int():
            yield ast.Constant(value + 1)
        case str() if value.isidentifier() and not isinstance(holder, ast.JoinedStr):
            yield ast.Constant(value + "_")


def _without_parts(holder: ast.AST) -> Iterator[Mutant]:
    """A word of a call, an entry of a dictionary or of a tuple is left out."""
    match holder:
        case ast.Call(keywords=words):
            for index, word in enumerate(words):
                yield _mutant(holder, "keywords", index, word, None)
        case ast.Tuple(elts=parts, ctx=ast.Load()) | ast.Set(elts=parts) if len(parts) > 1:
            for index, part in enumerate(parts):
                yield _mutant(holder, "elts", index, part, None)
        case ast.Dict(keys=keys, values=values):
            for index, value in enumerate(values):
                empty = _at(value, ast.Dict([], []))
                left = keys[index] is None
                yield from [_mutant(holder, "values", index, value, empty)] if left else ()


def _at(place: ast.AST, node: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(ast.copy_location(node, place))


def _is_type(node: ast.AST) -> bool:
    named = node.value if isinstance(node, ast.Subscript) else getattr(node, "func", None)
    return isinstance(named, ast.Name) and named.id in TYPES


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
