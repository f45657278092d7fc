"""Tables without a column that a step needs, or with texts in it: the file and column are named."""

from __future__ import annotations

import re

import numpy as np
import pytest

from .calls import SCRIPTS
from .chain import LAYOUT
from .needed import NEEDED, read, write
from .test_bad_input import refused


def suffix(script: str, flag: str) -> str:
    return LAYOUT.of_script(script).inputs[flag][0].suffix


# Of the survey table, verify_run.py counts the rows alone.
CASES = [pytest.param(*case, id=" ".join(case)) for case in NEEDED if NEEDED[case]]
SMALL_TABLES = [case for case in CASES if suffix(*case.values) == ".ecsv"]


def test_every_table_that_a_script_reads_is_among_the_cases():
    read_by_scripts = {
        (script, flag)
        for script in SCRIPTS
        for flag in LAYOUT.of_script(script).inputs
        if suffix(script, flag) in (".fits", ".ecsv")
    }
    assert read_by_scripts == set(NEEDED)


@pytest.mark.parametrize(("script", "flag"), CASES)
def test_a_missing_column_is_named(shortened, tmp_path, script, flag):
    step = shortened(script)
    good = step.inputs[flag][0]
    columns, units, meta = read(good)
    bad = tmp_path / f"bad{good.suffix}"
    for name in NEEDED[script, flag]:
        others = {n: v for n, v in columns.items() if n != name}
        write(bad, others or {"another": columns[name]}, units, meta)
        line = refused(step.reading(flag, bad))
        assert re.search(rf"{re.escape(str(bad))}: column {name}\b.* is missing", line)


@pytest.mark.parametrize(("script", "flag"), SMALL_TABLES)
def test_a_column_of_texts_instead_of_numbers_is_named(shortened, tmp_path, script, flag):
    step = shortened(script)
    good = step.inputs[flag][0]
    columns, units, meta = read(good)
    bad = tmp_path / f"bad{good.suffix}"
    for name in NEEDED[script, flag]:
        if columns[name].dtype.kind in "fi":
            texts = {**columns, name: np.array(["a text"] * len(columns[name]))}
            write(bad, texts, units, meta)
            line = refused(step.reading(flag, bad))
            assert re.search(rf"{re.escape(str(bad))}: column {name}\b", line)
