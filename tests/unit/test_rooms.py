"""The plan of the house: rooms that import one way only, and nothing in them too long."""

import ast

from test_workflow import SCRIPTS, imported

# From the ground up: a room may use those before it.
ROOMS = (
    *("files", "stars", "surveys", "measure", "numbers", "article", "synthetic", "calibrate"),
    *("judge", "mass", "draw", "compare", "verify", "snake"),
)


def test_rooms_import_one_way_only():
    for path in sorted(SCRIPTS.glob("icefire/**/*.py")):
        _, room, *rest = path.relative_to(SCRIPTS).parts
        below = set(ROOMS[: ROOMS.index(room) + 1]) if rest else set()
        files = (file.relative_to(SCRIPTS).parts for file in imported(path))
        found = {parts[1] for parts in files if len(parts) == 3}
        assert found <= below, f"{path.name} imports {found - below}"


def test_nothing_is_too_long():
    for folder in (SCRIPTS / "icefire").iterdir():
        assert len(list(folder.glob("*.py"))) <= 9, folder.name
    for path in SCRIPTS.glob("**/*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, path.name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name}"
