"""Tables without a column that a step needs, or with texts in it: the file and column are named."""

import re

import numpy as np
import pytest

from .calls import SCRIPTS
from .chain import LAYOUT
from .needed import read, tables, write
from .test_bad_input import OUT, refused

# Of these, rows are counted or metadata read, and no column.
NO_COLUMNS = (("verify_run", "--catalogue"), ("count_unbound", "--halo"))
CASES = [
    pytest.param(script, flag, id=f"{script} {flag}")
    for script in SCRIPTS
    for flag in tables(LAYOUT.of_script(script))
    if (script, flag) not in NO_COLUMNS
]


@pytest.mark.parametrize(("script", "flag"), CASES)
def test_a_missing_column_and_one_of_texts_are_named(shortened, tmp_path, script, flag):
    """Columns are asked for one after the other: each is put back when its absence is told."""
    step = shortened(script)
    good = step.inputs[flag][0]
    columns, units, meta = read(good)
    bad = tmp_path / f"bad{good.suffix}"
    given = {"another": next(iter(columns.values()))}
    for number in range(2):
        write(bad, given, units, meta)
        line = step.reading(flag, bad).writing_to(OUT).call().err
        missing = re.search(rf"error: .*{re.escape(str(bad))}: column (\w+)\b.* is missing", line)
        assert missing or number
        if missing:
            given[missing[1]] = columns[missing[1]]
    numbers = [name for name in given if name in columns and columns[name].dtype.kind in "fi"]
    if good.suffix == ".ecsv" and numbers:
        texts = np.array(["a text"] * len(columns[numbers[0]]))
        write(bad, {**columns, numbers[0]: texts}, units, meta)
        line = refused(step.reading(flag, bad))
        assert re.search(rf"{re.escape(str(bad))}: column {numbers[0]}\b", line)
