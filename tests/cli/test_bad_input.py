"""Damaged, missing and wrong files: status 2, one line that names the file, nothing written."""

import re
from pathlib import Path

import numpy as np
import pytest

from .calls import SCRIPTS
from .chain import LAYOUT, Step
from .needed import read, tables, write

OUT = Path("out")


def refused(step: Step) -> str:
    """Do a step that a user's mistake must stop before it writes; give the line it says."""
    step = step.writing_to(OUT)
    done = step.call()
    assert (done.status, len(done.err.splitlines())) == (2, 1), done
    assert done.err.startswith(f"{step.script}.py: error: ")
    assert not [path for path in OUT.rglob("*") if path.is_file()]
    return done.err.strip()


def last_row_cut(text: str) -> str:
    *rows, last = text.splitlines()
    return "\n".join([*rows, last.split()[0]])


# How a file is made bad, from the good one beside it
DAMAGE = {
    "missing": lambda bad, good: None,
    "directory": lambda bad, good: bad.mkdir(),
    "garbage": lambda bad, good: bad.write_bytes(b"\x00\xff\xfe\x9d is no table \x80\n" * 99),
    "words": lambda bad, good: bad.write_text("These are words,\nand no table: [\n"),
    "nothing": lambda bad, good: bad.write_bytes(b""),
    "half": lambda bad, good: bad.write_bytes(good.read_bytes()[: good.stat().st_size // 2]),
    # Zeros fill a FITS file up to a multiple of 2880 bytes.
    "data cut": lambda bad, good: bad.write_bytes(good.read_bytes().rstrip(b"\0")[:-9]),
    "header cut": lambda bad, good: bad.write_bytes(good.read_bytes()[:4000]),
    "row cut": lambda bad, good: bad.write_text(last_row_cut(good.read_text("utf-8")), "utf-8"),
}
# A style sheet may be empty, and one that is cut between two lines cannot be told.
EVERY = {"missing", "directory", "garbage", "words"}
DAMAGES = {
    ".fits": EVERY | {"nothing", "data cut", "header cut"},
    ".npz": EVERY | {"nothing", "data cut", "half"},
    ".ecsv": EVERY | {"nothing", "row cut"},
    ".yaml": EVERY | {"nothing", "half"},
    ".mplstyle": EVERY,
    # Words make a caption, and an article, too.
    ".txt": EVERY - {"words"},
    ".typ": EVERY - {"words"},
    ".json": EVERY | {"nothing", "half"},
    ".pdf": {"missing", "directory"},
}
# Every kind of file in every way, and every file of a step in two
KINDS: dict[str, tuple[str, str]] = {}
for name in SCRIPTS:
    for its_flag, paths in LAYOUT.of_script(name).inputs.items():
        KINDS.setdefault(paths[0].suffix, (name, its_flag))
BAD_FILES = [
    pytest.param(script, flag, damage, id=f"{script} {flag} {damage}")
    for script in SCRIPTS
    for flag, paths in LAYOUT.of_script(script).inputs.items()
    for damage in sorted(DAMAGES[paths[0].suffix])
    if damage in ("missing", "garbage") or KINDS[paths[0].suffix] == (script, flag)
]


@pytest.mark.parametrize(("script", "flag", "damage"), BAD_FILES)
def test_a_bad_file_is_named(shortened, tmp_path, script, flag, damage):
    step = shortened(script)
    good = step.inputs[flag][0]
    bad = tmp_path / f"bad {good.name}"
    DAMAGE[damage](bad, good)
    assert str(bad) in refused(step.reading(flag, bad))


@pytest.mark.parametrize("script", ["clean_catalog", "compute_kinematics", "summarise"])
def test_a_step_that_is_refused_leaves_the_earlier_result_alone(chain, tmp_path, script):
    step = chain.of_script(script)
    flag, (good, *_) = next(iter(step.inputs.items()))
    DAMAGE["data cut"](tmp_path / good.name, good)
    step = step.reading(flag, tmp_path / good.name).writing_to(OUT)
    for path in step.outputs.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("the earlier result")
    assert step.call().status == 2
    found = sorted(path for path in OUT.rglob("*") if path.is_file())
    assert found == sorted(step.outputs.values())
    for path in step.outputs.values():
        assert path.read_text() == "the earlier result"


# Of these, rows are counted or metadata read, and no column.
NO_COLUMNS = (("verify_run", "--catalogue"), ("count_unbound", "--halo"))
NO_COLUMNS += (("write_pages", "--configuration"),)
CASES = [
    pytest.param(script, flag, id=f"{script} {flag}")
    for script in SCRIPTS
    for flag in tables(LAYOUT.of_script(script))
    if (script, flag) not in NO_COLUMNS
]


@pytest.mark.parametrize(("script", "flag"), CASES)
def test_a_missing_column_and_one_of_texts_are_named(shortened, tmp_path, script, flag):
    step = shortened(script)
    good = step.inputs[flag][0]
    columns, units, meta = read(good)
    bad = tmp_path / f"bad{good.suffix}"
    write(bad, {"another": next(iter(columns.values()))}, units, meta)
    line = step.reading(flag, bad).writing_to(OUT).call().err
    missing = re.search(rf"error: .*{re.escape(str(bad))}: column (\w+)\b.* is missing", line)[1]
    if good.suffix == ".ecsv" and columns[missing].dtype.kind in "fi":
        texts = np.array(["a text"] * len(columns[missing]))
        write(bad, {**columns, missing: texts}, units, meta)
        line = refused(step.reading(flag, bad))
        assert re.search(rf"{re.escape(str(bad))}: column {missing}\b", line)
