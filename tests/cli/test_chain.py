"""Every script alone on a small table: what it writes, what it logs, and the same bytes again."""

import functools
import os
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import yaml
from astropy.io import fits
from astropy.table import Table

from icefire.files.columns import FLAG_COLUMNS, SAMPLES

from .calls import SCRIPTS
from .chain import LAYOUT, SHARDS, chain_of, overlay

# The survey table has units that FITS does not know, as the survey's own has.
pytestmark = pytest.mark.filterwarnings("ignore:'dex' did not parse as fits unit")


@functools.cache
def read(path: Path):
    """Read any file of the workflow with another reader than its own; fails on a damaged one."""
    if path.suffix == ".fits":
        with fits.open(path) as hdus:
            hdus.verify("exception")
        return Table.read(path, format="fits")
    if path.suffix == ".ecsv":
        return Table.read(path)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    if path.suffix == ".yaml":
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.suffix == ".png":
        return matplotlib.image.imread(path)
    content = path.read_bytes()
    if path.suffix == ".pdf":
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")
    return content


def rows(path: Path) -> int:
    return len(read(path))


@pytest.mark.parametrize("name", list(LAYOUT.steps))
def test_a_step_succeeds_and_writes_whole_files_and_nothing_else(chain, name):
    done = chain.done[name]
    assert (done.status, done.err) == (0, "")
    outputs = list(chain.steps[name].outputs.values())
    for path in outputs:
        assert len(read(path)) > 0
    beside = {path for output in outputs for path in output.parent.iterdir()}
    known = {path for step in chain.steps.values() for path in step.outputs.values()}
    assert {path for path in beside if path.is_file()} <= known


def test_the_logs_hold_the_counts(chain, config):
    """Lines of the steps that choose and measure stars, counted anew from their files."""
    clean = rows(chain.output("clean_catalog", "--clean"))
    stars = read(chain.output("flag_substructure", "--stars"))
    flags = {name: int(stars[name].sum()) for name in FLAG_COLUMNS if name.startswith("is_")}
    samples = {s: rows(chain.output("select_samples", f"--{s}")) for s in SAMPLES}
    ledger = read(chain.output("select_samples", "--ledger"))
    summaries = [p for step in chain.steps.values() for p in step.outputs.values()]
    sky = read(next(p for p in summaries if p.match("sky/halo.ecsv")))
    bins = f"{np.isfinite(sky['sigma_r']).sum()} of {len(sky)}"
    realisations = config["montecarlo"]["realisations"]
    cuts = read(chain.output("check_synthetic", "--cuts"))
    claims = read(chain.of_script("compare_with_paper").inputs["--claims"][0])
    counts = {
        "clean_catalog": [f"{clean:,} left: another row of the same star is kept"],
        "flag_substructure": [f"{name}: {number:,} of {clean:,}" for name, number in flags.items()],
        "select_samples": [
            *(f"{sample}: {count:,}" for sample, count in samples.items()),
            *(f"{row['n_removed']:>9,} removed, {row['n_out']:>9,} left" for row in ledger),
        ],
        "run_realisations": [
            f"stars: {samples['halo']:,}",
            f"realisations: {realisations // SHARDS} of {realisations}",
            f"sky: bins measured: {bins}",
        ],
        "plot_line_of_sight": [f"lines of sight drawn: {bins}"],
        "compare_with_paper": [claim["claim"] for claim in claims],
        "check_synthetic": [
            f"{row['cut']}: {row['n_both']} of {row['n_members']} members" for row in cuts
        ],
    }
    for script, lines in counts.items():
        out = chain.done[chain.of_script(script).name].out
        assert [line for line in lines if line not in out] == [], script


# Three quick ones stand for all figures, which are written by one function; tests/faults compares
# every figure's bytes.
FIGURES = {step.script for step in LAYOUT.steps.values() if "--pdf" in step.outputs}
QUICK = {"plot_footprint", "plot_velocity_errors", "plot_line_of_sight", "write_paper"}
ONCE_MORE = sorted({*SCRIPTS} - FIGURES | QUICK)


@pytest.mark.parametrize("script", ONCE_MORE)
def test_again_in_another_folder_by_relative_paths_gives_the_same_bytes(chain, script):
    step = chain.of_script(script)
    again = step.writing_to(Path("again"))
    assert again.call() == chain.done[step.name]
    for flag, path in step.outputs.items():
        content = path.read_bytes()
        assert again.outputs[flag].read_bytes() == content
        assert str(chain.folder.parent).encode() not in content
        assert b"fire} ~" not in content


def test_other_shards_give_the_same_bytes(chain, config, tmp_path):
    sharded = {name: {"shards": SHARDS + 1} for name in ("montecarlo", "calibration")}
    again = chain_of(tmp_path / "again", overlay(config, sharded))
    # What comes before the shards is there; a step replaces its outputs and never writes into them.
    shutil.copytree(chain.folder, again.folder, copy_function=os.link)
    scripts = set()
    for step in again.steps.values():
        read = [path for paths in step.inputs.values() for path in paths]
        outputs = list(step.outputs.values())
        if not any(path.stem.endswith(f"-of-{SHARDS + 1}") for path in read + outputs):
            continue
        assert step.call().status == 0
        scripts.add(step.script)
        if step.script not in ("run_realisations", "run_calibration"):
            for path in outputs:
                first = chain.folder / path.relative_to(again.folder)
                assert path.read_bytes() == first.read_bytes(), path
    assert {"summarise", "compute_jeans", "summarise_calibration"} < scripts
