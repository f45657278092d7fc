"""Files that can be read but say what cannot be: shards, ledgers, claims, maps and metadata."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.table import Table

from icefire.files import star_tables, text_tables

from .needed import write
from .test_bad_input import refused


@pytest.fixture
def bad(tmp_path):
    """Write a file for a bad input and give its path."""

    def write(name: str, content) -> Path:
        path = tmp_path / name
        if path.suffix == ".ecsv":
            text_tables.write_ecsv(path, content, content.meta)
        elif path.suffix == ".npz":
            np.savez(path, **content)
        else:
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return write


@pytest.fixture
def summarise(chain):
    """The step that summarises all shards of the halo's lines of sight, and needs fractions."""
    step = chain.steps["summarise halo"]
    (sky,) = (path for path in step.outputs.values() if path.parent.name == "sky")
    step = dataclasses.replace(step, outputs={"--summary": sky})
    (first,) = shards_of(step, "sky")
    return step.reading_all("--shards", sorted(first.parent.glob("*.npz")))


def shards_of(step, geometry: str) -> list:
    """Give what a step of summaries is given of a geometry."""
    return [path for path in step.inputs["--shards"] if path.parts[-3] == geometry]


@pytest.fixture
def arrays(summarise) -> dict[str, np.ndarray]:
    with np.load(summarise.inputs["--shards"][0]) as stored:
        return dict(stored)


def test_a_shard_without_an_array_or_with_what_is_none_is_named(summarise, arrays, bad):
    """Objects among them are not loaded."""
    objects = np.array([{"any": "object"}], dtype=object)
    for changed in ({"bins": None}, {"bins": objects}, {"meta": np.array("{not JSON")}):
        given = {name: value for name, value in (arrays | changed).items() if value is not None}
        path = bad("shard.npz", given)
        assert str(path) in refused(summarise.reading("--shards", path))


def test_a_shard_of_other_settings_is_named(summarise, arrays, bad):
    meta = json.loads(str(arrays["meta"]))
    meta["parameters"]["run_realisations"]["montecarlo_seed"] += 1
    path = bad("shard.npz", {**arrays, "meta": np.array(json.dumps(meta))})
    line = refused(summarise.reading("--shards", path))
    assert str(path) in line
    assert "other stars or settings" in line


@pytest.mark.parametrize("other", ["xy halo", "sky accreted"])
def test_shards_of_two_geometries_or_samples_are_refused(chain, summarise, other):
    geometry, sample = other.split()
    (other,) = shards_of(chain.steps[f"summarise {sample}"], geometry)
    assert str(other) in refused(summarise.reading("--shards", other))


def test_shards_must_hold_every_realisation_once(summarise):
    first, *others = summarise.inputs["--shards"]
    for given in (others, [first, first, *others]):
        assert "once each" in refused(summarise.reading_all("--shards", given))


def test_an_accreted_fraction_needs_a_shard_of_each_sample_and_of_the_same_geometry(
    chain, summarise
):
    accreted, insitu = summarise.inputs["--fraction-of"]
    (other,) = shards_of(chain.steps["summarise accreted"], "xy")
    for given in ([accreted], [insitu, accreted], [other, insitu]):
        assert "--fraction-of" in refused(summarise.reading_all("--fraction-of", given))


def test_kinematics_of_other_stars_are_named(chain, tmp_path):
    step = chain.of_script("flag_substructure")
    reader = star_tables.StarReader(step.inputs["--kinematics"][0])
    other = tmp_path / "other.fits"
    for stars, what in ((reader.read(1, reader.n_rows), "rows"), (reader.all(), "other stars")):
        turned = {name: values[::-1] for name, values in stars.items()}
        write(other, turned, reader.units, reader.meta)
        line = refused(step.reading("--kinematics", other))
        assert str(other) in line
        assert what in line


def test_figures_of_two_catalogues_are_refused(shortened, bad):
    step = shortened("plot_sigma_sky")
    table = Table.read(step.inputs["--insitu"][0])
    table.meta["catalogue"] = "another survey"
    line = refused(step.reading("--insitu", bad("other.ecsv", table)))
    assert "--insitu 'another survey'" in line


# Of a summary or a ledger: what is wrong, who reads it, and how it came about
NOT_WHOLE = {
    "no grid": ("plot_sigma_plane", "--accreted", lambda table: table[:-1]),
    "no whole sky": ("plot_sigma_sky", "--halo", lambda table: table[1:]),
    "no giants": ("collect_numbers", "--ledger", lambda table: table[table["step"] != "giants"]),
    "not ours": ("collect_numbers", "--ledger", lambda table: table.meta.clear() or table),
    "other shells": ("collect_numbers", "--insitu-radial", lambda table: table[2:]),
    "no row": ("collect_numbers", "--insitu-radial", lambda table: table[:0]),
}


@pytest.mark.parametrize("what", NOT_WHOLE)
def test_a_table_that_is_not_whole_is_named(shortened, bad, what):
    script, flag, change = NOT_WHOLE[what]
    step = shortened(script)
    path = bad("rows.ecsv", change(Table.read(step.inputs[flag][0])))
    assert str(path) in refused(step.reading(flag, path))


# --- claims and numbers ----------------------------------------------------------------------

CLAIM = {
    "claim": "stars",
    "where": "section 2",
    "paper": "many",
    "number": "counts.halo",
    "agrees": {"above": 5},
}


@pytest.mark.parametrize(
    "change",
    [
        {"number": "counts.haloes"},
        {"agrees": {"about": 3}},
        {"agrees": {"above": "many"}},
        {"agrees": "above"},
        {"where": None},
    ],
    ids=str,
)
def test_a_claim_that_cannot_be_checked_is_named(chain, bad, change):
    step = chain.of_script("compare_with_paper")
    claim = {key: value for key, value in {**CLAIM, **change}.items() if value is not None}
    path = bad("claims.yaml", [claim])
    assert str(path) in refused(step.reading("--claims", path))


@pytest.mark.parametrize("script", ["simulate_survey", "flag_substructure"])
def test_no_satellites_at_all_are_fine(chain, bad, script):
    step = chain.of_script(script).writing_to(Path("out"))
    path = bad("none.ecsv", Table.read(step.inputs["--satellites"][0])[:0])
    done = step.reading("--satellites", path).call()
    assert (done.status, done.err) == (0, "")


def test_a_satellite_of_unknown_kind_is_named(chain, bad):
    step = chain.of_script("simulate_survey")
    table = Table.read(step.inputs["--satellites"][0])
    table["kind"] = "galaxies"
    path = bad("kinds.ecsv", table)
    assert str(path) in refused(step.reading("--satellites", path))


@pytest.mark.parametrize("line", ["font.size: large enough", "font.sise: 9"])
def test_a_wrong_line_of_a_style_sheet_is_refused(chain, tmp_path, line):
    step = chain.of_script("plot_footprint")
    path = tmp_path / "wrong.mplstyle"
    good = step.inputs["--style"][0].read_text(encoding="utf-8")
    path.write_text(f"{good}\n{line}\n", encoding="utf-8")
    assert str(path) in refused(step.reading("--style", path))


@pytest.mark.parametrize("instead", ["a folder", "a file for its folder"])
@pytest.mark.parametrize(
    ("script", "flag"),
    [
        ("clean_catalog", "--clean"),
        ("plot_footprint", "--png"),
        ("collect_numbers", "--tex"),
    ],
)
def test_what_is_in_the_place_of_an_output_is_named(chain, tmp_path, script, flag, instead):
    step = chain.of_script(script).writing_to(tmp_path / "out")
    if instead == "a folder":
        step.outputs[flag].mkdir(parents=True)
    else:
        (tmp_path / "file").write_text("no folder")
        step.outputs[flag] = tmp_path / "file" / "output"
    done = step.call()
    assert (done.status, len(done.err.splitlines())) == (2, 1), done
    assert str(step.outputs[flag] if instead == "a folder" else tmp_path / "file") in done.err
    assert not [path for path in tmp_path.rglob(".*") if path.is_file()]
