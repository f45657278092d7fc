"""Files damaged between two steps: refused by name with what to delete, never read as they are."""

import random
from pathlib import Path

import pytest

from .conftest import LINE, RUN, do

# Every kind of file that one step writes and another reads, and one that reads it
KINDS = {
    "synthetic/catalogue.fits": "clean_catalog",
    "synthetic/truth.fits": "check_synthetic",
    "catalog/clean.fits": "compute_kinematics",
    "catalog/kinematics.fits": "flag_substructure",
    "catalog/stars.fits": "select_samples",
    "catalog/fields.ecsv": "plot_footprint",
    "catalog/ledger.ecsv": "collect_numbers",
    "samples/halo.fits": "run_realisations",
    "montecarlo/xy/halo/0-of-2.npz": "summarise",
    "summaries/sky/halo.ecsv": "plot_line_of_sight",
    "numbers.yaml": "compare_with_paper",
    "paper_comparison.ecsv": "write_pages",
    "calibration/0-of-2.npz": "summarise_calibration",
    "calibration.ecsv": "plot_calibration",
    "synthetic_check.ecsv": "plot_synthetic_check",
    "synthetic_distributions.ecsv": "plot_synthetic_check",
}


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x04]) + content[place + 1 :]


def _header(content: bytes) -> range:
    """Where a file says what it holds: FITS cards, ECSV's comments, an array's type, a digest."""
    if content.startswith(b"SIMPLE"):
        return range(2880, content.index(b"END" + b" " * 77, 2880))
    if content.startswith(b"# %ECSV"):
        return range(0, content.index(b"\n# schema"))
    return range(0, content.index(b"\n"))


def _data(content: bytes) -> range:
    """Where a file holds it: all behind its header, and before an npz's list of contents."""
    end = content.rindex(b"PK\x01\x02") if content.startswith(b"PK") else len(content)
    return range(_header(content).stop + 1, end if end != len(content) else len(content) - 1)


# Files that are cut, empty or garbage: tests/cli/test_bad_input.py
DAMAGES = {"a bit in the data": _data, "a bit in the header": _header}


def damaged(path: Path, damage: str) -> bytes:
    """Give a file's content with one bit changed."""
    content = path.read_bytes()
    return _flipped(content, random.Random(path.name).choice(DAMAGES[damage](content)))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_refused_by_the_step_that_reads_it(
    undisturbed, steps, tmp_path, monkeypatch, name, damage
):
    file = f"results/{RUN}/{name}"
    step = next(step for step in steps if step.script == KINDS[name] and file in step.inputs)
    bad = tmp_path / Path(name).name
    bad.write_bytes(damaged(undisturbed.folder / file, damage))
    made = {output: str(tmp_path / "made" / output) for output in step.outputs}
    monkeypatch.chdir(undisturbed.folder)
    done = do(step, {**made, file: str(bad)})
    case = f"{name}: {damage}"
    if done.status == 0:
        for output, path in made.items():
            wanted = (undisturbed.folder / output).read_bytes()
            assert Path(path).read_bytes() == wanted, f"{case} is quietly another {output}"
        return
    assert (done.status, done.err.count("\n")) == (2, 1), done
    assert LINE.search(done.err) and str(bad) in done.err and "delete it" in done.err, done.err
    assert not any(Path(path).exists() for path in made.values())


# The first downstream of the second, so that what is damaged is there when its turn comes
IN_TURN = ("paper_comparison.ecsv", "summaries/sky/halo.ecsv")


def test_deleting_what_the_error_names_gives_the_bytes(finished, undisturbed):
    for name in IN_TURN:
        bad = finished.results / name
        bad.write_bytes(damaged(bad, "a bit in the data"))
        lines = [line for line in finished.fails() if LINE.match(line) and "delete it" in line]
        assert lines and f"results/{RUN}/{name}: " in lines[0], lines
        bad.unlink()
    finished.ends_like(undisturbed)
