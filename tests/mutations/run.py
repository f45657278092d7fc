"""Make one mistake after the other in a copy of the project and see which test notices it.

Usage:
    python tests/mutations/run.py

Prints a line of JSON for each mistake: pytest's exit status, and the test that failed with its
error; then one for the same tests on the project as it is. The heavy imports are done once; each
case is a fork, which imports only the project's own modules.
"""

import contextlib
import importlib
import io
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from mistakes import MISTAKES

REPO = Path(__file__).resolve().parents[2]
PARTS = ("config", "paper", "report", "resources", "scripts", "tests")
HEAVY = ("astropy.coordinates", "astropy.table", "gala.potential", "healpy", "matplotlib.path")
HEAVY += ("hypothesis.extra.numpy", "scipy.optimize", "scipy.sparse", "scipy.stats")


class Recorder:
    """The first test that failed, and the first line of its error."""

    failed, error = "", ""

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = crash.message if crash else report.longreprtext
            self.failed, self.error = report.nodeid, said.strip().splitlines()[0]


def tested(copy: Path, tests: list[str]) -> dict:
    """Run tests of a copy up to the first that fails."""
    os.chdir(copy)
    recorder, out = Recorder(), io.StringIO()
    flags = ["-x", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:xdist"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = pytest.main([*flags, "--rootdir", str(copy), *tests], plugins=[recorder])
    error = recorder.error or out.getvalue()[-2000:]
    return {"status": int(status), "failed": recorder.failed, "error": error}


def main() -> None:
    for name in HEAVY:
        importlib.import_module(name)
    # As tests/conftest.py finds it from the project's own folder
    os.environ["ICEFIRE_SHARED"] = str(
        Path(os.environ.get("ICEFIRE_SHARED", REPO.parent / "shared")).absolute()
    )
    # A module and its mutation can be equally long and equally old: no bytecode may outlive either.
    sys.dont_write_bytecode = True
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool,
    ):
        copy = Path(folder).resolve()
        for part in PARTS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(REPO / part, copy / part, ignore=ignored)
        shutil.copy2(REPO / "pyproject.toml", copy)
        noticed = set()
        for file, old, new, test in MISTAKES:
            path = copy / "scripts" / "icefire" / file
            right = path.read_text(encoding="utf-8")
            assert right.count(old) == 1, f"{old} is not once in {file}"
            path.write_text(right.replace(old, new), encoding="utf-8")
            found = pool.apply(tested, (copy, [f"tests/{test}"]))
            path.write_text(right, encoding="utf-8")
            noticed.add(found["failed"] or f"tests/{test}")
            print(json.dumps(found), flush=True)
        print(json.dumps(pool.apply(tested, (copy, sorted(noticed)))), flush=True)


if __name__ == "__main__":
    main()
