"""Column maps and foreign tables: every mistake is named, every format gives the same stars."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import yaml
from astropy.table import Table

from icefire.files import formats, star_tables, survey_maps
from icefire.files.columns import STAR_COLUMNS
from icefire.files.survey_maps import CANONICAL, Catalogue, SurveyMap, read_survey_map

# Distances and velocities in units that are not ours, so that a conversion left out shows.
UNITS = {
    "ra": "deg",
    "dec": "deg",
    "distance": "pc",
    "distance_error": "pc",
    "rv": "m/s",
    "rv_error": "m/s",
    **dict.fromkeys(("pmra", "pmra_error", "pmdec", "pmdec_error"), "mas/yr"),
}
FACTORS = {"pc": 1e-3, "m/s": 1e-3}
OURS = [name for name in CANONICAL if name not in ("star_id", "field", "flag")]


def columns(n_rows: int = 23) -> dict[str, np.ndarray]:
    """Values in the survey's units, under canonical names."""
    rng = np.random.default_rng(12)
    found = {
        "star_id": 3830749024282130176 + np.arange(n_rows),
        "field": np.array([f"tile{i % 5}" + "x" * (i % 3) for i in range(n_rows)]),
        "flag": rng.integers(-1, 2, n_rows),
    }
    return found | {name: rng.normal(0, 1000, n_rows) for name in OURS}


def table(units: bool = True, **changes) -> Table:
    """The stars as a survey writes them: its own names (S_ before ours) and units."""
    made = Table({f"S_{name}": values for name, values in columns().items()})
    for name, unit in UNITS.items() if units else ():
        made[f"S_{name}"].unit = unit
    for name, values in changes.items():
        made[f"S_{name}"] = values
    return made


def raw_map() -> dict:
    entries = {name: {"source": f"S_{name}"} for name in CANONICAL}
    for name, unit in UNITS.items():
        entries[name]["unit"] = unit
    return {"name": "Test", "columns": entries}


def write_map(path, raw) -> str:
    path.write_text(yaml.safe_dump(raw))
    return path


@pytest.fixture
def survey(tmp_path) -> SurveyMap:
    return read_survey_map(write_map(tmp_path / "map.yaml", raw_map()))


def survey_of(tmp_path, **entries) -> SurveyMap:
    """The map with other entries for some columns; None leaves one out and its cuts off."""
    raw = raw_map()
    raw["columns"] |= entries
    raw["columns"] = {name: entry for name, entry in raw["columns"].items() if entry is not None}
    raw["cuts_off"] = {cut: "not in the table" for cut in survey_maps.CUTS}
    return read_survey_map(write_map(tmp_path / "changed.yaml", raw))


def to_hdf5_group(made: Table, path) -> None:
    with h5py.File(path, "w") as file:
        group = file.create_group("data")
        for name in made.colnames:
            values = np.asarray(made[name])
            group[name] = values.astype("S") if values.dtype.kind == "U" else values


# Format: how to write it, and whether it carries units.
FORMATS = {
    "fits": lambda made, path: made.write(path, format="fits"),
    "h5": lambda made, path: made.write(path, format="hdf5", path="rcat", serialize_meta=True),
    "hdf5": to_hdf5_group,
    "ecsv": lambda made, path: made.write(path, format="ascii.ecsv"),
    "csv": lambda made, path: made.write(path, format="ascii.csv"),
    "vot": lambda made, path: made.write(path, format="votable"),
}


def write(made: Table, folder, ending: str):
    path = folder / f"stars.{ending}"
    FORMATS[ending](made, path)
    return path


def read(path, survey: SurveyMap, rows: int = star_tables.BLOCK_ROWS) -> dict[str, np.ndarray]:
    blocks = list(Catalogue(path, survey).blocks(rows))
    assert all(list(block) == list(CANONICAL) for block in blocks)
    return {name: np.concatenate([block[name] for block in blocks]) for name in CANONICAL}


# --- maps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["h3", "segue_kgiants"])
def test_the_committed_maps_are_whole(repo, name):
    survey = read_survey_map(repo / "config" / "surveys" / f"{name}.yaml")
    assert survey.columns.keys() <= set(CANONICAL)
    assert ("afe" in survey.columns) == ("aleph" not in survey.cuts_off)


# --- the same stars from every format --------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 7, 23])
@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_gives_the_same_stars(tmp_path, survey, ending, rows):
    found = read(write(table(), tmp_path, ending), survey, rows)
    for name, values in columns().items():
        if name == "field":
            assert [text.decode() for text in found[name]] == values.tolist()
        else:
            wanted = values * FACTORS.get(UNITS.get(name), 1)
            np.testing.assert_array_equal(found[name], wanted, err_msg=name)
    assert found["star_id"].dtype == np.int64


@pytest.mark.parametrize("ending", ["fits", "h5", "hdf5", "ecsv"])
def test_unsigned_identifiers_are_kept_to_the_last_digit(tmp_path, survey, ending):
    ids = np.uint64(2**63 - 23) + np.arange(23, dtype=np.uint64)
    found = read(write(table(star_id=ids), tmp_path, ending), survey)["star_id"]
    assert found.tolist() == ids.tolist()


# --- units, scales, constants ----------------------------------------------------------------


@pytest.mark.parametrize("unit", ["dex", "dex(cm/s2)", ""])
def test_logarithms_may_be_in_dex(tmp_path, survey, unit):
    made = table()
    made["S_logg"].unit = unit
    found = read(write(made, tmp_path, "ecsv"), survey)
    np.testing.assert_array_equal(found["logg"], columns()["logg"])


def test_a_constant_stands_for_every_star_and_needs_no_column(tmp_path):
    survey = survey_of(tmp_path, pm_corr={"value": 0}, snr={"value": 99.5})
    made = table()
    made.remove_columns(["S_pm_corr", "S_snr"])
    found = read(write(made, tmp_path, "fits"), survey, 7)
    assert found["pm_corr"].tolist() == [0.0] * 23 and found["snr"].tolist() == [99.5] * 23


def test_a_percentage_becomes_a_fraction(tmp_path):
    survey = survey_of(tmp_path, pm_corr={"source": "S_pm_corr", "unit": "percent"})
    found = read(write(table(), tmp_path, "fits"), survey)
    np.testing.assert_allclose(found["pm_corr"], columns()["pm_corr"] / 100, rtol=1e-12)


# --- columns and files that will not do ------------------------------------------------------


def test_metadata_of_a_table_of_ours_come_along(tmp_path, survey):
    meta = {"synthetic": True, "catalogue": "mock", "parameters": {}}
    with star_tables.StarWriter(tmp_path / "t.fits", {"S_x": STAR_COLUMNS["x"]}) as writer:
        writer.meta = meta
    assert formats.open_table(tmp_path / "t.fits").meta == meta
    made = table()
    made.meta = meta
    assert Catalogue(write(made, tmp_path, "h5"), survey).meta["synthetic"] is True
