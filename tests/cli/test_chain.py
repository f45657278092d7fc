"""Every script alone on a small table: what it writes, what it logs, and the same bytes again."""

from __future__ import annotations

import functools
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import yaml
from astropy.io import fits
from astropy.table import Table

from icefire.files.columns import FLAG_COLUMNS

from .calls import SCRIPTS, module
from .chain import LAYOUT, SHARDS

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
        return Table.read(path, format="ascii.ecsv")
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


def measured(path: Path, quantity: str = "sigma_r") -> int:
    return int(np.isfinite(read(path)[quantity]).sum())


@pytest.fixture(scope="module")
def counts(chain, config) -> dict[str, list[str]]:
    """Lines that each script's log must hold, counted anew from the files."""
    catalogue = chain.output("simulate_survey", "--catalogue")
    clean = rows(chain.output("clean_catalog", "--clean"))
    fields = rows(chain.output("clean_catalog", "--fields"))
    stars = read(chain.output("flag_substructure", "--stars"))
    samples = {s: rows(chain.output("select_samples", f"--{s}")) for s in ("accreted", "insitu")}
    halo = rows(chain.output("select_samples", "--halo"))
    ledger = read(chain.output("select_samples", "--ledger"))
    summary = {
        f"{path.parent.name} {path.stem}": path
        for name, step in chain.steps.items()
        if name.startswith("summarise ")
        for path in step.outputs.values()
    }
    sky, shells = summary["sky halo"], config["geometry"]["radial"]["bins"]
    drawn = {s: int(np.isfinite(_whole_sky(read(summary[f"radial {s}"]))).sum()) for s in samples}
    first = chain.of_script("summarise").outputs["--summary"]
    unbound = read(chain.output("count_unbound", "--unbound"))
    realisations = config["montecarlo"]["realisations"]
    permutations = config["significance"]["permutations"]
    claims = chain.of_script("compare_with_paper").inputs["--claims"][0]
    check = read(chain.output("check_synthetic", "--check"))
    cuts = read(chain.output("check_synthetic", "--cuts"))
    drawn_targets = np.isin(check["quantity"], module("plot_synthetic_check").DRAWN)
    return {
        "simulate_survey": [f"stars: {rows(catalogue):,}", f"fields: {fields:,}"],
        "clean_catalog": [f"{clean:,} left: another row of the same star is kept"],
        "compute_kinematics": [f"stars: {clean:,}"],
        "flag_substructure": [
            f"{name}: {int(stars[name].sum()):,} of {clean:,}"
            for name in FLAG_COLUMNS
            if name.startswith("is_")
        ],
        "select_samples": [
            f"halo: {halo:,}",
            *(f"{sample}: {count:,}" for sample, count in samples.items()),
            *(f"{row['n_removed']:>9,} removed, {row['n_out']:>9,} left" for row in ledger),
        ],
        "run_realisations": [
            f"stars: {halo:,}",
            f"realisations: {realisations // SHARDS} of {realisations}",
            f"sky: bins measured: {measured(sky)} of {rows(sky)}",
        ],
        "count_unbound": [
            f"{row['n_taken']} of {row['n_stars']} stars taken as unbound, {row['n_near']} left"
            for row in unbound[(unbound["sample"] == "halo") & (unbound["quadrant"] == 0)]
            if row["n_taken"] or row["n_near"]
        ],
        "summarise": [f"bins measured: {measured(first)} of {rows(first)}"],
        "test_asymmetry": [f"permutations of each: {permutations // SHARDS} of {permutations}"],
        "judge_claims": [f"permutations of every null: {permutations}"],
        "summarise_asymmetry": ["sphere: halo, none fixed: p ", "bins of the map with a value: "],
        "plot_asymmetry": ["sphere: effects drawn: ", "bins of the map drawn: "],
        "run_calibration": ["halos of each scenario: 1 of 3"],
        "summarise_calibration": [
            f"groups with bins: {rows(chain.output('summarise_calibration', '--table')):,} of ",
            "Uncertainties, tried on 3 halos",
        ],
        "plot_calibration": ["This catalogue's stars, bins with ", "points drawn: "],
        "plot_footprint": [f"fields: {fields}"],
        "plot_chemistry": [f"of {halo:,}", "Giants outside cold substructure, in the frame: "],
        "plot_velocity_errors": [f"stars with radius and errors: {halo:,} of {halo:,}"],
        "plot_sigma_plane": [f"{s} stars drawn: {n:,} of {n:,}" for s, n in samples.items()],
        "plot_sigma_sky": [f"halo: pixels with a value: {measured(sky)} of {rows(sky)}"],
        "plot_line_of_sight": [f"lines of sight drawn: {measured(sky)} of {rows(sky)}"],
        "plot_sigma_profile": [f"{s}: radial bins drawn: {drawn[s]} of {shells}" for s in samples],
        "plot_beta_profile": ["quadrant 4: radial bins drawn: ", f" of {shells}"],
        "collect_numbers": [f"stars of the halo sample: {halo:,}"],
        "compare_with_paper": [claim["claim"] for claim in read(claims)],
        "verify_run": [
            f"{len(ledger)} rows add up, from the survey's {rows(catalogue)} to",
            f"{len(read(claims))} claims, with these numbers",
        ],
        "write_pages": [
            f"{flag[2:].replace('-', '_')}: rows: {rows(path)}"
            for flag, (path,) in chain.of_script("write_pages").inputs.items()
        ],
        "check_synthetic": [
            f"targets met: {int(np.sum(check['agrees'] == 'yes'))} of {len(check)}",
            *(f"{row['cut']}: {row['n_both']} of {row['n_members']} members" for row in cuts),
        ],
        "plot_synthetic_check": [f"targets drawn: {int(np.sum(drawn_targets))} of {len(check)}"],
    }


def _whole_sky(radial: Table) -> np.ndarray:
    return np.asarray(radial["sigma_r"][radial["quadrant"] == 0])


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


def test_every_sample_has_measured_bins_in_every_geometry(chain):
    for name, step in chain.steps.items():
        if step.script == "summarise":
            assert all(measured(path) > 0 for path in step.outputs.values()), name


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_log_holds_the_counts(chain, counts, script):
    out = chain.done[chain.of_script(script).name].out
    for line in counts[script]:
        assert line in out


@pytest.mark.parametrize("script", SCRIPTS)
def test_again_in_another_folder_by_relative_paths_gives_the_same_bytes(chain, script):
    step = chain.of_script(script)
    again = step.writing_to(Path("again"))
    assert again.call() == chain.done[step.name]
    for flag, path in step.outputs.items():
        content = path.read_bytes()
        assert again.outputs[flag].read_bytes() == content
        assert str(chain.folder.parent).encode() not in content
        assert b"fire} ~" not in content


def test_paths_hold_what_shells_and_file_formats_give_a_meaning_to(chain):
    """All steps above work on such paths: every file of the chain is below such a folder."""
    for step in chain.steps.values():
        for path in [*step.outputs.values(), *(p for paths in step.inputs.values() for p in paths)]:
            assert chain.folder in path.parents
    assert set(" '\"$;&[]#%{}~é雪") <= set(chain.folder.name)
