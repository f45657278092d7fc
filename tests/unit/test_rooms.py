"""The plan of the house: rooms that import one way only, and nothing in them too long."""

import ast

import pytest

# From the ground up: a room may use those before it.
ROOMS = (
    *("files", "stars", "surveys", "measure", "numbers", "article", "synthetic", "calibrate"),
    *("judge", "mass", "draw", "compare", "verify", "snake"),
)
MOST_FILES, MOST_LINES, LONGEST_FUNCTION = 9, 400, 60


@pytest.fixture(scope="module")
def sources(repo):
    """Every file of the library and of the scripts, parsed, by its path below scripts/."""
    folder = repo / "scripts"
    paths = {path.relative_to(folder): path for path in sorted(folder.rglob("*.py"))}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items()}


def imported(text: str) -> set[str]:
    """List the rooms that a file imports from, at its top or inside a function."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    parts = [name.split(".") for name in names if name.startswith("icefire.")]
    return {second for _, second, *_ in parts if second in ROOMS}


def test_rooms_import_one_way_only(sources):
    rooms = {name.parts[1] for name in sources if len(name.parts) == 3}
    assert rooms <= set(ROOMS)
    for name, text in sources.items():
        if len(name.parts) == 3:
            room = name.parts[1]
            below = set(ROOMS[: ROOMS.index(room) + 1])
            assert imported(text) <= below, f"{name} imports {imported(text) - below}"
        elif name.parts[0] == "icefire":
            assert not imported(text), f"{name}, which all rooms use, imports a room"


def test_nothing_is_too_long(sources, repo):
    for folder in (repo / "scripts" / "icefire").iterdir():
        assert len(list(folder.glob("*.py"))) <= MOST_FILES, folder.name
    for name, text in sources.items():
        assert text.count("\n") <= MOST_LINES, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{name}: {node.name} has {length} lines"
