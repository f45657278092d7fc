"""Surveys that have not measured everything, taken as far as the workflow can take them.

Stars of the small synthetic table are written with a column map beside.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.table import Table

from icefire.files import star_tables
from icefire.files.columns import CLEAN_COLUMNS, SAMPLES

from .calls import REPO
from .chain import Chain, chain_of, overlay

H3 = yaml.safe_load((REPO / "config" / "surveys" / "h3.yaml").read_text(encoding="utf-8"))
NO_ALPHA = {
    "sagittarius_chemistry": "no alpha abundances were measured",
    "aleph": "no alpha abundances were measured",
}


@dataclasses.dataclass
class Survey:
    """A table and its column map."""

    table: Table
    columns: dict[str, dict]
    cuts_off: dict[str, str] = dataclasses.field(default_factory=dict)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the table and its column map; give their paths."""
        table, survey = folder / "survey.fits", folder / "map.yaml"
        self.table.write(table)
        content = {"name": "Mine", "columns": self.columns, "cuts_off": self.cuts_off}
        survey.write_text(yaml.safe_dump(content), encoding="utf-8")
        return table, survey


def chain_to_samples(folder: Path, config: dict, survey: Survey) -> Chain:
    """Lay out the steps from cleaning to the samples for a survey."""
    table, survey_map = survey.write(folder)
    chain = chain_of(folder / "run", config, table)
    names = ("clean_catalog", "compute_kinematics", "flag_substructure", "select_samples")
    chain.steps = {name: chain.steps[name] for name in names}
    chain.steps[names[0]] = chain.steps[names[0]].reading("--survey", survey_map)
    return chain


@pytest.fixture(scope="module")
def stars(chain) -> dict[str, np.ndarray]:
    """Canonical columns of some stars, bad and double ones among them."""
    reader = star_tables.StarReader(chain.output("simulate_survey", "--catalogue"))
    sources = {name: column["source"] for name, column in H3["columns"].items()}
    found = reader.all(tuple(sources.values()))
    kept = found["logg"] < 3.7
    return {name: found[source][kept] for name, source in sources.items()}


def canonical(stars: dict) -> Survey:
    """The stars under our names and in our units."""
    table = Table(stars)
    for name, column in CLEAN_COLUMNS.items():
        if name in stars:
            table[name].unit = column.unit
    return Survey(table, {name: {"source": name} for name in stars})


def without_alpha(survey: Survey) -> Survey:
    columns = {name: c for name, c in survey.columns.items() if not name.startswith("afe")}
    return Survey(survey.table, columns, NO_ALPHA)


def succeeds(chain: Chain) -> Chain:
    for name, done in chain.run().done.items():
        assert (name, done.status, done.err) == (name, 0, "")
    return chain


def sample_of(chain: Chain, sample: str) -> tuple[dict[str, np.ndarray], dict]:
    reader = star_tables.StarReader(chain.output("select_samples", f"--{sample}"))
    return reader.all(), reader.meta


@pytest.fixture(scope="module")
def alphaless(stars, config, tmp_path_factory) -> Chain:
    """The stars without [alpha/Fe], split by their [Fe/H]."""
    folder = tmp_path_factory.mktemp("alphaless")
    config = overlay(config, {"chemistry": {"method": "feh_ranges"}})
    return succeeds(chain_to_samples(folder, config, without_alpha(canonical(stars))))


def test_without_alpha_abundances_metallicity_splits_the_halo(alphaless):
    (halo, meta), (accreted, _), (insitu, _) = (sample_of(alphaless, s) for s in SAMPLES)
    assert np.isnan(halo["afe"]).all()
    assert not halo["is_aleph"].any()
    assert np.array_equal(accreted["star_id"], halo["star_id"][halo["feh"] < -1])
    assert np.array_equal(insitu["star_id"], halo["star_id"][halo["feh"] > -0.7])
    assert len(accreted["star_id"]) > 0 < len(insitu["star_id"])
    assert meta["cuts_off"] == NO_ALPHA
    neither = len(halo["star_id"]) - len(accreted["star_id"]) - len(insitu["star_id"])
    ledger = Table.read(alphaless.output("select_samples", "--ledger"), format="ascii.ecsv")
    assert ledger["n_removed"][ledger["step"] == "chemistry"] == [neither]


def test_the_chemistry_figure_does_without_alpha_abundances(
    alphaless, chain, by_metallicity, tmp_path
):
    step = by_metallicity(chain).of_script("plot_chemistry").writing_to(tmp_path)
    step = step.reading("--stars", alphaless.output("flag_substructure", "--stars"))
    done = step.reading("--halo", alphaless.output("select_samples", "--halo")).call()
    assert (done.status, done.err) == (0, "")
    assert "no star has [alpha/Fe]" in done.out
    assert len(list(tmp_path.iterdir())) == 2


def test_a_survey_without_abundances_gets_a_whole_run(stars, config, tmp_path):
    """One sample, with every figure that needs no abundance, verified."""
    ours = canonical(stars)
    columns = {n: c for n, c in ours.columns.items() if not n.startswith(("feh", "afe"))}
    table, survey = Survey(ours.table, columns, NO_ALPHA).write(tmp_path)
    config = overlay(config, {"chemistry": {"method": "none"}})
    chain = chain_of(tmp_path / "run", config, table)
    for name, step in chain.steps.items():
        if "--survey" in step.inputs:
            chain.steps[name] = step.reading("--survey", survey)
    succeeds(chain)
    scripts = {step.script for step in chain.steps.values()}
    assert {"plot_sigma_plane", "plot_sigma_sky", "plot_sigma_profile", "verify_run"} <= scripts
    assert not {"plot_chemistry", "plot_line_of_sight"} & scripts
    halo = len(sample_of(chain, "halo")[0]["star_id"])
    counts = {"halo": halo, "accreted": 0, "insitu": 0}
    assert sample_of(chain, "halo")[1]["samples"] == counts and halo > 100
    drawn = chain.done[chain.of_script("plot_sigma_profile").name].out
    assert "halo: radial bins drawn: " in drawn and "insitu" not in drawn
    ledger = Table.read(chain.output("select_samples", "--ledger"), format="ascii.ecsv")
    assert ledger["n_removed"][ledger["step"] == "unknown_chemistry"] == [halo]
