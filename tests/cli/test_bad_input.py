"""Damaged, missing and wrong files: status 2, one line that names the file, nothing written."""

from pathlib import Path

import pytest

from .calls import SCRIPTS
from .chain import LAYOUT, Step

# --- one bad file for one flag ---------------------------------------------------------------

OUT = Path("out")


def refused(step: Step) -> str:
    """Do a step that a user's mistake must stop before it writes; give the line it says."""
    step = step.writing_to(OUT)
    done = step.call()
    assert (done.status, len(done.err.splitlines())) == (2, 1), done
    assert done.err.startswith(f"{step.script}.py: error: ")
    assert not [path for path in OUT.rglob("*") if path.is_file()]
    return done.err.strip()


def missing(bad: Path, good: Path) -> None:
    pass


def directory(bad: Path, good: Path) -> None:
    bad.mkdir()


def garbage(bad: Path, good: Path) -> None:
    bad.write_bytes(b"\x00\xff\xfe\x9d is no table \x80\n" * 99)


def words(bad: Path, good: Path) -> None:
    bad.write_text("These are words,\nand no table: [\n", encoding="utf-8")


def nothing(bad: Path, good: Path) -> None:
    bad.write_bytes(b"")


def cut_in_the_middle(bad: Path, good: Path) -> None:
    content = good.read_bytes()
    bad.write_bytes(content[: len(content) // 2])


def cut_in_the_data(bad: Path, good: Path) -> None:
    # Zeros fill a FITS file up to a multiple of 2880 bytes.
    bad.write_bytes(good.read_bytes().rstrip(b"\0")[:-9])


def cut_in_the_header(bad: Path, good: Path) -> None:
    bad.write_bytes(good.read_bytes()[:4000])


def cut_in_the_last_row(bad: Path, good: Path) -> None:
    lines = good.read_text(encoding="utf-8").splitlines()
    bad.write_text("\n".join([*lines[:-1], lines[-1].split()[0]]), encoding="utf-8")


# A style sheet may be empty, and one that is cut between two lines cannot be told.
EVERY = {missing, directory, garbage, words}
DAMAGES = {
    ".fits": EVERY | {nothing, cut_in_the_data, cut_in_the_header},
    ".npz": EVERY | {nothing, cut_in_the_data, cut_in_the_middle},
    ".ecsv": EVERY | {nothing, cut_in_the_last_row},
    ".yaml": EVERY | {nothing, cut_in_the_middle},
    ".mplstyle": EVERY,
    # Words make a caption, and an article, too.
    ".txt": {missing, directory, garbage},
    ".typ": {missing, directory, garbage},
    ".json": EVERY | {nothing, cut_in_the_middle},
    ".pdf": {missing, directory},
}
# Every kind of file in every way, and every file of a step in two
KINDS: dict[str, tuple[str, str]] = {}
for name in SCRIPTS:
    for its_flag, paths in LAYOUT.of_script(name).inputs.items():
        KINDS.setdefault(paths[0].suffix, (name, its_flag))
BAD_FILES = [
    pytest.param(script, flag, damage, id=f"{script} {flag} {damage.__name__}")
    for script in SCRIPTS
    for flag, paths in LAYOUT.of_script(script).inputs.items()
    for damage in sorted(DAMAGES[paths[0].suffix], key=lambda damage: damage.__name__)
    if damage in (missing, garbage) or KINDS[paths[0].suffix] == (script, flag)
]


@pytest.mark.parametrize(("script", "flag", "damage"), BAD_FILES)
def test_a_bad_file_is_named(shortened, tmp_path, script, flag, damage):
    step = shortened(script)
    good = step.inputs[flag][0]
    bad = tmp_path / f"bad {good.name}"
    damage(bad, good)
    assert str(bad) in refused(step.reading(flag, bad))


@pytest.mark.parametrize("script", ["clean_catalog", "compute_kinematics", "summarise"])
def test_a_step_that_is_refused_leaves_the_earlier_result_alone(chain, tmp_path, script):
    step = chain.of_script(script)
    flag, (good, *_) = next(iter(step.inputs.items()))
    cut_in_the_data(tmp_path / good.name, good)
    step = step.reading(flag, tmp_path / good.name).writing_to(OUT)
    for path in step.outputs.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("the earlier result")
    assert step.call().status == 2
    found = sorted(path for path in OUT.rglob("*") if path.is_file())
    assert found == sorted(step.outputs.values())
    for path in step.outputs.values():
        assert path.read_text() == "the earlier result"
