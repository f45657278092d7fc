"""Fixtures that every kind of test shares, and Hypothesis's settings.

Hypothesis draws the same examples every time and keeps its files outside the repository.
"""

import fcntl
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

# Read when Hypothesis first needs its folder, so before any import of it.
os.environ.setdefault(
    "HYPOTHESIS_STORAGE_DIRECTORY", f"{tempfile.gettempdir()}/hypothesis-{os.getuid()}"
)

import pytest
import yaml
from hypothesis import settings

settings.register_profile("icefire", derandomize=True, database=None, deadline=None)
settings.load_profile("icefire")

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "scripts"))


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository's folder."""
    return REPO


@pytest.fixture(scope="session")
def config() -> dict:
    """The project's configuration; copy it before changing it."""
    return yaml.safe_load((REPO / "config" / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def schema() -> dict:
    """Its schema."""
    return yaml.safe_load((REPO / "config" / "config.schema.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def segue_catalogue() -> Path:
    """The real SEGUE K giant table, found through ICEFIRE_SHARED.

    Without it a test is skipped, but not in CI, where the table must be there.
    """
    folder = Path(os.environ.get("ICEFIRE_SHARED", REPO.parent / "shared"))
    path = folder / "data" / "segue_kgiants_xue14_gaiadr2.fits"
    if not path.is_file():
        reason = f"the SEGUE table is not at {path}; set ICEFIRE_SHARED to the folder above data/"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path.resolve()


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Make a folder once; where several processes share the tests, one makes it and all read it.

    `once(name, make)` gives the folder and what `make(folder)` gave, which is kept as JSON.
    """

    def made(name: str, make: Callable[[Path], object]) -> tuple[Path, object]:
        base = tmp_path_factory.getbasetemp()
        folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
        folder.mkdir(exist_ok=True)
        said = folder / "made.json"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not said.exists():
                said.write_text(json.dumps(make(folder)), encoding="utf-8")
        return folder, json.loads(said.read_text(encoding="utf-8"))

    return made


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where several processes share the tests, give each whole files, and one the quick run's."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            shared = "tests/workflow"
            return shared if path.startswith(shared) else path

    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(config, items):
    """Then begin with what takes longest, so that no process is left with it alone at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: ("workflow" not in item.path.parts, "unit" in item.path.parts))
