"""A full disk and a read-only folder: named in one line, nothing half-written, and resumed."""

import shutil

import pytest

from .conftest import RUN, Place, do

PAGE = 4096
FULL = "No space left on device"


def whole(place: Place, wanted: dict[str, str]) -> None:
    """Each file that is there must be one of an undisturbed run's, whole."""
    assert place.files().items() <= wanted.items()


def test_a_full_disk_made_larger_again_and_again(empty, undisturbed, disk):
    total = sum((undisturbed.folder / name).stat().st_size for name in undisturbed.wanted)
    small = disk(empty, int(0.5 * total))
    for fraction in (0.5, 1.03):
        small.resize(int(fraction * total))
        lines = [line for line in empty.fails() if FULL in line or "disk is full" in line]
        assert lines and RUN in lines[0], lines
        whole(empty, undisturbed.wanted)
    small.resize(4 * total)
    empty.ends_like(undisturbed)


@pytest.mark.parametrize(
    ("script", "file"),
    [
        ("simulate_survey", f"results/{RUN}/synthetic/catalogue.fits"),
        ("run_realisations", f"results/{RUN}/montecarlo/xy/halo/0-of-2.npz"),
        ("summarise", f"results/{RUN}/summaries/xy/halo.ecsv"),
        ("collect_numbers", f"results/{RUN}/numbers.yaml"),
        ("write_pages", f"results/{RUN}/report/synthetic_check.html"),
        ("plot_footprint", f"figures/{RUN}/fig01_footprint.pdf"),
        ("plot_footprint", f"figures/{RUN}/fig01_footprint.png"),
    ],
    ids=lambda value: value.split("/")[-1],
)
def test_a_disk_that_fills_up_in_a_step(empty, undisturbed, steps, disk, monkeypatch, script, file):
    step = next(step for step in steps if step.script == script and file in step.outputs)
    # Room for what is written before the file, and for all of it but the last page
    before = step.outputs[: step.outputs.index(file) + 1]
    pages = sum(-(-(undisturbed.folder / name).stat().st_size // PAGE) for name in before)
    disk(empty, max(pages - 1, 1) * PAGE)
    monkeypatch.chdir(undisturbed.folder)
    done = do(step, {name: str(empty.folder / name) for name in step.outputs})
    assert (done.status, done.err.count("\n")) == (2, 1), done
    assert any(f"{empty.folder / name}: {FULL}" in done.err for name in step.outputs)
    whole(empty, undisturbed.wanted)


def test_a_read_only_folder(finished, undisturbed, disk, tmp_path):
    """Of a whole run, which then goes on where it can write again."""
    shutil.move(finished.folder / "results", tmp_path / "results")
    shutil.move(finished.folder / "figures", tmp_path / "figures")
    made = disk(finished, 100_000_000)
    for name in ("results", "figures"):
        shutil.copytree(tmp_path / name, finished.folder / name, dirs_exist_ok=True)
    for kind in ("pdf", "png"):
        (finished.figures / f"fig01_footprint.{kind}").unlink()
    made.write_protect(True)
    said = finished.fails()
    made.write_protect(False)
    (line,) = [line for line in said if "cannot be written" in line] or ["\n".join(said)]
    # Or Snakemake itself names the article, which is there and is made of the missing figure.
    assert f"figures/{RUN}" in line or f"results/{RUN}/paper.pdf" in line
    whole(finished, undisturbed.wanted)
    finished.ends_like(undisturbed)
