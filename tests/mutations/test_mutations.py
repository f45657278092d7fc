"""Each of the mistakes in lines.py breaks the test that is named beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .lines import MUTATIONS


@pytest.fixture(scope="module")
def runs() -> tuple[dict, list[dict]]:
    """What the tests said of the project as it is, and of each mistake."""
    runner = Path(__file__).with_name("run.py")
    done = subprocess.run(
        [sys.executable, str(runner)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    whole, *each = map(json.loads, done.stdout.splitlines())
    return whole, each


def test_without_a_mistake_nothing_fails(runs):
    whole, each = runs
    assert whole["status"] == 0, whole
    assert len(each) == len(MUTATIONS) == len(set(MUTATIONS))


@pytest.mark.parametrize("number", range(len(MUTATIONS)))
def test_a_mistake_is_noticed(runs, outcome, number):
    mutation, found = MUTATIONS[number], runs[1][number]
    # 1 is pytest's status of failed tests; others are mistakes in the way a test is called.
    assert found["status"] == 1 and mutation.test in found["failed"], found
    changed = f"{mutation.right} -> {mutation.wrong or 'nothing'}"
    outcome("mutations", f"{mutation.file}: {changed}", f"noticed by {mutation.test}")
