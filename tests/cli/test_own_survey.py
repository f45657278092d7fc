"""Surveys that have not measured everything, taken as far as the workflow can take them."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.table import Table
from changes import changed

from icefire.files import star_tables
from icefire.files.columns import CLEAN_COLUMNS, SAMPLES

from .chain import Chain, chain_of
from .needed import SURVEY

NO_ALPHA = dict.fromkeys(("sagittarius_chemistry", "aleph"), "no alpha abundances were measured")
TO_SAMPLES = ("clean_catalog", "compute_kinematics", "flag_substructure", "select_samples")


@pytest.fixture(scope="module")
def stars(chain) -> Table:
    """Some stars of the small synthetic table under our names, bad and double ones among them."""
    reader = star_tables.StarReader(chain.output("simulate_survey", "--catalogue"))
    found = reader.all(tuple(column["source"] for column in SURVEY["columns"].values()))
    columns = {name: found[column["source"]] for name, column in SURVEY["columns"].items()}
    units = {name: CLEAN_COLUMNS[name].unit for name in columns if name in CLEAN_COLUMNS}
    return Table(columns, units=units)[columns["logg"] < 3.7]


def surveyed(folder: Path, config: dict, stars: Table, missing: tuple, scripts=()) -> Chain:
    """Do all steps, or those of some scripts, for a survey that has not measured some columns."""
    columns = {name: {"source": name} for name in stars.colnames if not name.startswith(missing)}
    stars.write(folder / "survey.fits")
    content = {"name": "Mine", "columns": columns, "cuts_off": NO_ALPHA}
    (folder / "map.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    chain = chain_of(folder / "run", config, folder / "survey.fits")
    for name, step in [*chain.steps.items()]:
        if "--survey" in step.inputs:
            chain.steps[name] = step.reading("--survey", folder / "map.yaml")
        if scripts and step.script not in scripts:
            del chain.steps[name]
    for name, done in chain.run().done.items():
        assert (name, done.status, done.err) == (name, 0, "")
    return chain


def sample_of(chain: Chain, sample: str) -> tuple[dict[str, np.ndarray], dict]:
    reader = star_tables.StarReader(chain.output("select_samples", f"--{sample}"))
    return reader.all(), reader.meta


def removed(chain: Chain, step: str) -> list[int]:
    ledger = chain.table("select_samples", "--ledger")
    return ledger["n_removed"][ledger["step"] == step].tolist()


def test_without_alpha_abundances_metallicity_splits_the_halo(stars, config, chain, tmp_path):
    (tmp_path / "alphaless").mkdir()
    split = changed(config, ("chemistry.method", "feh_ranges"))
    alphaless = surveyed(tmp_path / "alphaless", split, stars, ("afe",), TO_SAMPLES)
    (halo, meta), (accreted, _), (insitu, _) = (sample_of(alphaless, s) for s in SAMPLES)
    assert np.isnan(halo["afe"]).all() and not halo["is_aleph"].any()
    assert np.array_equal(accreted["star_id"], halo["star_id"][halo["feh"] < -1])
    assert np.array_equal(insitu["star_id"], halo["star_id"][halo["feh"] > -0.7])
    assert len(accreted["star_id"]) > 0 < len(insitu["star_id"])
    assert meta["cuts_off"] == NO_ALPHA
    neither = len(halo["star_id"]) - len(accreted["star_id"]) - len(insitu["star_id"])
    assert removed(alphaless, "chemistry") == [neither]
    # The figure of chemistry does without.
    step = chain.of_script("plot_chemistry").under(config, split).writing_to(tmp_path / "out")
    step = step.reading("--stars", alphaless.output("flag_substructure", "--stars"))
    done = step.reading("--halo", alphaless.output("select_samples", "--halo")).call()
    assert (done.status, done.err) == (0, "") and "no star has [alpha/Fe]" in done.out
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_survey_without_abundances_gets_a_whole_run(stars, config, tmp_path):
    """One sample, with every figure that needs no abundance, verified."""
    config = changed(config, ("chemistry.method", "none"))
    chain = surveyed(tmp_path, config, stars, ("feh", "afe"))
    scripts = {step.script for step in chain.steps.values()}
    assert {"plot_sigma_plane", "plot_sigma_sky", "plot_sigma_profile", "verify_run"} <= scripts
    assert not {"plot_chemistry", "plot_line_of_sight"} & scripts
    columns, meta = sample_of(chain, "halo")
    halo = len(columns["star_id"])
    assert meta["samples"] == {"halo": halo, "accreted": 0, "insitu": 0} and halo > 100
    drawn = chain.done[chain.of_script("plot_sigma_profile").name].out
    assert "halo: radial bins drawn: " in drawn and "insitu" not in drawn
    assert removed(chain, "unknown_chemistry") == [halo]
