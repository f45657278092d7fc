"""Calling scripts in this process, which is cheap; whole runs call them as a user does."""

import contextlib
import dataclasses
import functools
import importlib.util
import io
import logging
import sys
import warnings
from pathlib import Path
from unittest import mock

from icefire import cli

REPO = Path(__file__).resolve().parents[2]
# Run by hand; no run has them.
TOOLS = ["compare_runs", "fetch_catalogue"]
SCRIPTS = sorted({path.stem for path in (REPO / "scripts").glob("*.py")} - set(TOOLS))


@dataclasses.dataclass(frozen=True)
class Done:
    """What a script did: its exit status, and what it wrote to its two streams."""

    status: int
    out: str
    err: str


@functools.cache
def module(script: str):
    """Import a script as a module of its own name."""
    spec = importlib.util.spec_from_file_location(script, REPO / "scripts" / f"{script}.py")
    found = importlib.util.module_from_spec(spec)
    sys.modules[script] = found  # dataclasses look their module up
    spec.loader.exec_module(found)
    return found


def call(script: str, argv: list[str]) -> Done:
    """Run a script in this process; warnings that a user would see count as stderr."""
    found = module(script)
    out, err = io.StringIO(), io.StringIO()
    log = logging.StreamHandler(err)
    log.setLevel(logging.WARNING)
    logging.getLogger().addHandler(log)
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(record=True) as shown,
        # The parser takes its name from the command.
        mock.patch.object(sys, "argv", [f"{script}.py"]),
    ):
        # As Python starts, not as pytest has it
        warnings.resetwarnings()
        for hidden in (
            DeprecationWarning,
            PendingDeprecationWarning,
            ImportWarning,
            ResourceWarning,
        ):
            warnings.simplefilter("ignore", hidden)
        try:
            status = cli.run(found.build_parser(), found.work, argv)
        except SystemExit as leaving:
            status = leaving.code or 0
        finally:
            logging.getLogger().removeHandler(log)
    for warning in shown:
        print(f"{warning.category.__name__}: {warning.message}", file=err)
    return Done(status, out.getvalue(), err.getvalue())
