"""Changes of a program by what they change: the words of mistakes.py, on its syntax tree."""

from __future__ import annotations

import ast
from pathlib import Path

OPERATORS = {
    **{">": ast.Gt, ">=": ast.GtE, "<": ast.Lt, "<=": ast.LtE},
    **{"&": ast.BitAnd, "|": ast.BitOr, "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div},
    "~": ast.Invert,
}


def located(scripts: Path, where: str) -> tuple[Path, ast.Module, ast.AST]:
    """Find the one function, method or table of a name, with `module:` before it where
    several have it: its file, the whole tree, and the node."""
    module, _, name = where.rpartition(":")
    places = []
    for path in sorted(scripts.rglob(f"{module or '*'}.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        places += [(path, tree, node) for known, node in _named(tree) if known == name]
    if len(places) != 1:
        raise ValueError(f"{where} is {len(places)} times in {scripts}: say module:name")
    return places[0]


def _named(node: ast.AST, before: str = ""):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield before + child.name, child
            yield from _named(child, f"{before}{child.name}.")
        elif isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
            yield before + child.targets[0].id, child
        else:
            yield from _named(child, before)


def words(node: ast.AST) -> set[str]:
    """List the names, texts and numbers in a part of a program."""
    found = set()
    for part in ast.walk(node):
        for field in ("id", "attr", "arg"):
            found.add(getattr(part, field, None))
        if isinstance(part, ast.Constant):
            found.add(str(part.value))
    return found


def change(node: ast.AST, words_of_change: str) -> None:
    """Make one change in a function or table, in place."""
    what, _, near = words_of_change.partition(" near ")
    kind = what.split()
    if kind[1] == "to":
        candidates, replace = _exchange(*kind[::2])
    else:
        candidates, replace = globals()[f"_{kind[0]}"](*kind[1:])
    _at_the_smallest(node, candidates, replace, set(near.split()))


def _at_the_smallest(root: ast.AST, candidates, replace, near: set[str]) -> None:
    """Replace the candidate whose smallest surroundings with these words are the smallest."""
    parents = {child: parent for parent in ast.walk(root) for child in ast.iter_child_nodes(parent)}
    places = []
    for number, node in enumerate(part for part in ast.walk(root) if candidates(part)):
        around = node
        while not near <= words(around) and around in parents:
            # An operator is that of its own two sides.
            if isinstance(node, ast.BinOp | ast.Compare):
                break
            around = parents[around]
        if near <= words(around):
            places.append((sum(1 for _ in ast.walk(around)), number, node))
    if not places:
        raise ValueError(f"nothing to change near {near or 'anything'}")
    _, _, node = min(places)
    new = replace(node)
    for field, value in ast.iter_fields(parents[node]):
        if value is node:
            setattr(parents[node], field, new)
        elif isinstance(value, list) and node in value:
            value[value.index(node)] = new


def _exchange(old: str, new: str):
    if old in OPERATORS:

        def replace(node):
            if isinstance(node, ast.Compare):
                node.ops = [OPERATORS[new]()]
            else:
                node.op = OPERATORS[new]()
            return node

        def has(node) -> bool:
            ops = node.ops if isinstance(node, ast.Compare) else [getattr(node, "op", None)]
            return not isinstance(node, ast.AugAssign) and isinstance(ops[0], OPERATORS[old])

        return has, replace

    def renamed(node):
        if isinstance(node, ast.Constant):
            node.value = type(node.value)(new)
        else:
            setattr(node, "attr" if isinstance(node, ast.Attribute) else "id", new)
        return node

    def named(node) -> bool:
        value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        return old in (getattr(node, "id", None), getattr(node, "attr", None), str(value))

    return named, renamed


def _is(operator: str):
    return lambda node: isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS[operator])


def _left(_, operator: str):
    return _is(operator), lambda node: node.left


def _right(_, operator: str):
    return _is(operator), lambda node: node.right


def _without(operator: str, word: str):
    def shortened(node):
        if word in words(node.right):
            return shortened(node.left) if _is(operator)(node.left) else node.left
        node.left = shortened(node.left) if _is(operator)(node.left) else node.left
        return node.right if word in words(node.left) else node

    return lambda node: _is(operator)(node) and word in words(node), shortened


def _unwrap(what: str):
    if what in OPERATORS:
        sign = OPERATORS[what]
        return (
            lambda node: isinstance(node, ast.UnaryOp) and isinstance(node.op, sign),
            lambda node: node.operand,
        )
    return (
        lambda node: (
            isinstance(node, ast.Call)
            and what in (getattr(node.func, "id", None), getattr(node.func, "attr", None))
        ),
        lambda node: node.args[0],
    )


def _negate(what: str):
    def has(node) -> bool:
        head = getattr(node, "func", None) or getattr(node, "value", None)
        names = (getattr(head, "id", None), getattr(head, "attr", None))
        return isinstance(node, ast.Call | ast.Subscript) and what in names

    return has, lambda node: ast.UnaryOp(ast.USub(), node)


def _swap(one: str, other: str):
    def swapped(node):
        for part in node.elts:
            if isinstance(part, ast.Name) and part.id in (one, other):
                part.id = other if part.id == one else one
        return node

    def has(node) -> bool:
        ids = {getattr(part, "id", None) for part in getattr(node, "elts", ())}
        return isinstance(node, ast.Tuple) and {one, other} <= ids

    return has, swapped


def mutated(scripts: Path, where: str, words_of_change: str) -> tuple[Path, str]:
    """Give the file of a function, and its text with one mistake in the function."""
    path, tree, node = located(scripts, where)
    change(node, words_of_change)
    return path, ast.unparse(ast.fix_missing_locations(tree))
