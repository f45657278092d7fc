"""Each of the mistakes in mistakes.py breaks the test that is named beside it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .mistakes import MISTAKES


@pytest.fixture(scope="module")
def runs() -> tuple[list[dict], dict]:
    """What the tests said of each mistake, and then of the project as it is."""
    runner = Path(__file__).with_name("run.py")
    done = subprocess.run(
        [sys.executable, str(runner)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *each, whole = map(json.loads, done.stdout.splitlines())
    return each, whole


def test_without_a_mistake_nothing_fails(runs):
    each, whole = runs
    assert whole["status"] == 0, whole
    assert len(each) == len(MISTAKES) == len(set(MISTAKES))


@pytest.mark.parametrize("number", range(len(MISTAKES)))
def test_a_mistake_is_noticed(runs, number):
    (*_, test), found = MISTAKES[number], runs[0][number]
    # 1 is pytest's status of failed tests; others are mistakes in the way a test is called.
    assert found["status"] == 1 and test in found["failed"], found
