"""The synthetic survey's three scripts: changes of the model, the check's counts and mistakes."""

import numpy as np
import pytest
from astropy.table import Table

from icefire.files import star_tables

from .needed import write
from .test_bad_input import refused

# The survey table has units that FITS does not know, as the survey's own has.
pytestmark = pytest.mark.filterwarnings("ignore:'dex' did not parse as fits unit")


@pytest.fixture(scope="module")
def step(chain):
    return chain.steps["check_synthetic"]


def test_cuts_are_those_of_the_flags_and_the_truth(chain):
    """Purity and completeness counted anew, star by star."""
    stars = chain.table("flag_substructure", "--stars")
    truth = chain.table("simulate_survey", "--truth")
    component = {row["H3_ID"]: row["component"].strip() for row in truth}
    energy = {row["H3_ID"]: row["energy"] for row in truth}
    cuts = chain.table("check_synthetic", "--cuts")
    flags = ("is_sagittarius", "is_satellite", "is_aleph", "is_unbound")
    names = ("sagittarius", "satellites", "aleph", None)
    left = [row for row in stars if row["is_giant"]]
    for cut, flag, name in zip(cuts, flags, names, strict=True):
        members = {
            row["star_id"]
            for row in left
            if (component[row["star_id"]] == name if name else energy[row["star_id"]] >= 0)
        }
        flagged = {row["star_id"] for row in left if row[flag]}
        assert (cut["n_members"], cut["n_flagged"]) == (len(members), len(flagged))
        assert cut["n_both"] == len(members & flagged)
        if flagged:
            assert cut["purity"] == pytest.approx(len(members & flagged) / len(flagged), abs=1e-4)
        left = [row for row in left if not row[flag]]


def test_the_truth_of_another_run_is_named(step, tmp_path):
    reader = star_tables.StarReader(step.inputs["--truth"][0], ("H3_ID", "component", "energy"))
    truth = reader.all(("H3_ID", "component", "energy"))
    path = tmp_path / "truth.fits"
    write(path, {name: values[5000:] for name, values in truth.items()}, {}, reader.meta)
    line = refused(step.reading("--truth", path))
    assert str(path) in line
    assert "of the same run" in line


def test_a_survey_without_a_giant_is_checked_and_drawn(chain, step, tmp_path):
    reader = star_tables.StarReader(step.inputs["--stars"][0])
    stars = reader.all() | {"is_giant": np.zeros(reader.n_rows, bool)}
    write(tmp_path / "stars.fits", stars, reader.units, reader.meta)
    checked = step.reading("--stars", tmp_path / "stars.fits").writing_to(tmp_path / "out")
    done = checked.call()
    assert (done.status, done.err) == (0, "")
    check = Table.read(checked.outputs["--check"])
    assert check[check["quantity"] == "giants"]["made"] == 0
    assert np.isnan(check["made"][check["quantity"] == "feh"]).all()
    drawn = chain.steps["plot_synthetic_check"].writing_to(tmp_path / "out")
    for flag in ("--check", "--distributions"):
        drawn = drawn.reading(flag, checked.outputs[flag])
    done = drawn.call()
    assert (done.status, done.err) == (0, "")
    assert "note: energy: no giants" in done.out
