"""A survey of one's own: its names, units and formats give the samples of the same stars in ours.

Stars of the small synthetic table are written as somebody else's survey would have them, with a
column map beside, and taken from cleaning to the samples.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy import units as u
from astropy.table import Table

from icefire.files import star_tables
from icefire.files.columns import CLEAN_COLUMNS, SAMPLES

from .calls import REPO
from .chain import Chain, chain_of, overlay

H3 = yaml.safe_load((REPO / "config" / "surveys" / "h3.yaml").read_text(encoding="utf-8"))
# Somebody's names and units of what has a unit; the other columns are named "... of mine".
FOREIGN = {
    "ra": ("Right Ascension", "hourangle"),
    "dec": ("DE", "arcsec"),
    "distance": ("d", "pc"),
    "distance_error": ("e_d", "lyr"),
    "rv": ("HRV", "m/s"),
    "rv_error": ("e_HRV", "cm/s"),
    "pmra": ("pmRA*", "arcsec/yr"),
    "pmra_error": ("e_pmRA*", "uas/yr"),
    "pmdec": ("pmDE", "mas/d"),
    "pmdec_error": ("e_pmDE", "deg/Myr"),
}
# Gravity in SI units, and signal-to-noise per two pixels: ours is theirs times scale plus offset.
OTHER_SCALES = {"logg": {"offset": 2.0}, "snr": {"scale": 0.5}}
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

    def write(self, folder: Path, ending: str) -> tuple[Path, Path]:
        """Write the table and its column map; give their paths."""
        table, survey = folder / f"survey{ending}", folder / "map.yaml"
        self.table.write(table, format={".csv": "ascii.csv"}.get(ending))
        content = {"name": "Mine", "columns": self.columns, "cuts_off": self.cuts_off}
        survey.write_text(yaml.safe_dump(content), encoding="utf-8")
        return table, survey


def chain_to_samples(folder: Path, config: dict, survey: Survey, ending: str) -> Chain:
    """Lay out the steps from cleaning to the samples for a survey."""
    table, survey_map = survey.write(folder, ending)
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


def foreign(stars: dict) -> Survey:
    """The same stars under other names, in other units, scales and offsets."""
    table, columns = Table(), {}
    for name, values in stars.items():
        source, unit = FOREIGN.get(name, (f"{name} of mine", None))
        columns[name] = {"source": source, **OTHER_SCALES.get(name, {})}
        if unit:
            values = (values * u.Unit(CLEAN_COLUMNS[name].unit)).to_value(unit)
        elif name in OTHER_SCALES:
            change = {"scale": 1.0, "offset": 0.0, **OTHER_SCALES[name]}
            values = (values - change["offset"]) / change["scale"]
        table[source] = values
        if unit:
            columns[name]["unit"] = unit
    return Survey(table, columns)


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
def ours(stars, config, tmp_path_factory) -> Chain:
    """The stars as FITS in canonical units, taken to the samples."""
    folder = tmp_path_factory.mktemp("ours")
    return succeeds(chain_to_samples(folder, config, canonical(stars), ".fits"))


def test_other_names_units_and_formats_give_the_same_samples(stars, ours, config, tmp_path):
    theirs = succeeds(chain_to_samples(tmp_path, config, foreign(stars), ".csv"))
    for sample in SAMPLES:
        (expected, meta), (found, found_meta) = (sample_of(c, sample) for c in (ours, theirs))
        assert len(expected["star_id"]) > 10
        for name, values in expected.items():
            if values.dtype.kind == "f":
                # Differences of large numbers, such as errors' covariances, keep fewer digits.
                scale = np.nanmax(np.abs(values)) if np.isfinite(values).any() else 1
                np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-9 * scale)
            else:
                assert np.array_equal(found[name], values), name
        assert found_meta == meta
        assert (meta["catalogue"], meta["synthetic"]) == ("Mine", False)
    ledgers = [chain.output("select_samples", "--ledger").read_bytes() for chain in (ours, theirs)]
    assert ledgers[0] == ledgers[1]


@pytest.fixture(scope="module")
def alphaless(stars, config, tmp_path_factory) -> Chain:
    """The stars without [alpha/Fe], split by their [Fe/H]."""
    folder = tmp_path_factory.mktemp("alphaless")
    config = overlay(config, {"chemistry": {"method": "feh_ranges"}})
    return succeeds(chain_to_samples(folder, config, without_alpha(canonical(stars)), ".fits"))


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
    table, survey = Survey(ours.table, columns, NO_ALPHA).write(tmp_path, ".fits")
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
