"""The quick run against a second, plain implementation of all that is measured."""

import pytest
from against_reference import CHECKS, Run


@pytest.fixture(scope="module")
def run(quick_run) -> Run:
    return Run(quick_run / "results" / "quick")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_run_is_as_the_reference_has_it(run, check):
    check(run)
