"""The plan of the house: rooms that import one way only."""

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
