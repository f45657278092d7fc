"""What other choices shift: in half-widths, told from chance, sorted, and said in words."""

import argparse

import numpy as np
import pytest
from astropy.table import Table
from changes import changed
from test_comparison import KINDS, rows, run_of, velocities

from icefire.compare import sensitivity
from icefire.draw import profiles
from icefire.errors import UserError
from icefire.files import text_tables
from icefire.files.columns import SAMPLES
from icefire.numbers import bins
from icefire.snake.variations import Variations
from icefire.surveys.units import adjust, adjustments

HALVES = (4.0, 0.05)


@pytest.fixture
def stars():
    return velocities(np.random.default_rng(5), 600)


@pytest.fixture(autouse=True)
def halo_alone(monkeypatch):
    monkeypatch.setattr(sensitivity, "SAMPLES", {"halo": SAMPLES["halo"]})


def shifts(a: dict, b: dict) -> Table:
    return sensitivity.shifts(run_of(a, half68=HALVES), run_of(b, half68=HALVES))


def of(table: Table, quantity: str) -> Table:
    return sensitivity.halo(table, quantity)


def test_the_same_stars_give_exactly_zero(stars):
    found = shifts(stars, stars)
    assert len(found) == 8
    assert not np.any(found["shift"]) and not np.any(found["shift_in_half_widths"])


def test_velocities_larger_by_a_tenth_give_a_tenth_of_sigma_r_and_nothing_of_beta(stars):
    larger = stars | {f"v_{kind}": 1.1 * stars[f"v_{kind}"] for kind in KINDS}
    found = shifts(stars, larger)
    sigma = of(found, "sigma_r")
    assert sigma["shift"] / (sigma["value"] - sigma["shift"]) == pytest.approx(0.1, abs=1e-7)
    assert sigma["shift_in_half_widths"] == pytest.approx(sigma["shift"] / HALVES[0], abs=1e-6)
    assert of(found, "beta")["shift"] == pytest.approx(0, abs=1e-6)


def test_other_stars_of_the_same_kind_shift_no_more_than_their_errors(stars):
    """Half of the stars are left out: the size is that of chance, and the noise says so."""
    sizes = []
    for seed in range(20):
        which = np.random.default_rng(seed).random(600) < 0.5
        sizes.append(sensitivity.size(shifts(stars, rows(stars, which)), "sigma_r", 30.0))
    ratio = np.median([one.median / one.noise for one in sizes])
    assert 0.7 < ratio < 1.4


def test_only_shells_within_the_radius_make_a_size(stars):
    moved = stars | {"v_r": np.where(stars["r"] > 20, 2, 1) * stars["v_r"]}
    found = shifts(stars, moved)
    assert sensitivity.size(found, "sigma_r", 20.0).total == 0
    whole = sensitivity.size(found, "sigma_r", 30.0)
    outer = of(found, "sigma_r")["shift_in_half_widths"][1]
    assert (whole.total, whole.median) == pytest.approx((outer, outer / 2))
    assert np.isnan(sensitivity.size(found, "sigma_r", 5.0).median)


def test_variations_are_sorted_by_size_and_said_in_words(stars):
    scales = {"none": 1.0, "some": 1.02, "much": 1.3}
    tables = {name: shifts(stars, stars | {"v_r": s * stars["v_r"]}) for name, s in scales.items()}
    sizes = sensitivity.ranked(tables, 30.0)
    assert list(sizes) == ["much", "some", "none"]
    said = sensitivity.words(sizes, {name: name.upper() for name in scales}, 30.0)
    more, some, little, _ = said.split("\n\n")
    assert ("MUCH" in more, "SOME" in some, "NONE (σ_r 0, β 0)" in little) == (True, True, True)


def test_a_sample_without_a_star_left_is_named(stars):
    with pytest.raises(UserError, match="leaves no star in the halo sample"):
        shifts(stars, rows(stars, np.zeros(600, bool)))


@pytest.fixture
def shifted(tmp_path):
    """Give the path of the shifts that three variations make, and radial summaries to add them to.

    In the first of two shells sigma_r is 100 (96 to 103) km/s and shifted by 3, -4 and nothing.
    """
    row = {"quadrant": 0, "r_lo": 10.0, "sample": "halo", "quantity": "sigma_r"}
    found = [
        {"variation": n, "shift": s, **row} for n, s in zip("abc", (3, -4, np.nan), strict=True)
    ]
    meta = {
        "catalogue": "a survey",
        "variations": [{"variation": n, "label": n.upper()} for n in "abc"],
    }
    text_tables.write_ecsv(tmp_path / "sensitivity.ecsv", Table(found), meta)
    shells = {
        "quadrant": [0, 0],
        "r_lo": [10.0, 20.0],
        "r_mid": [15.0, 25.0],
        "sigma_r": [100.0] * 2,
    }
    ends = {"sigma_r_lo68": [96.0] * 2, "sigma_r_hi68": [103.0] * 2}
    return str(tmp_path / "sensitivity.ecsv"), Table(shells | ends, meta=meta)


def test_shifts_add_up_in_quadrature_with_each_other_and_with_the_interval(shifted):
    path, radial = shifted
    assert bins.add_systematic({"halo": radial}, path, ["a", "b", "c"]) == ["A", "B", "C"]
    assert list(radial["sigma_r_systematic"][:1]) == [5.0]
    low, high = profiles.systematic_ends(radial, "sigma_r")
    assert (low[0], high[0]) == pytest.approx((100 - 41**0.5, 100 + 34**0.5))
    # A shell that no variation has a value of
    assert np.isnan([radial["sigma_r_systematic"][1], low[1], *radial["beta_systematic"]]).all()


def test_what_is_no_systematic_error_is_said_in_one_line(shifted, given):
    path, radial = shifted
    with pytest.raises(UserError, match="has no variation d; it has a, b, c"):
        bins.add_systematic({"halo": radial}, path, ["d"])
    radial.meta["catalogue"] = "another"
    with pytest.raises(UserError, match="is of another catalogue"):
        bins.add_systematic({"halo": radial}, path, ["a"])
    with pytest.raises(UserError, match="--sensitivity is missing"):
        bins.add_systematic({"halo": radial}, None, ["a"])
    found = given(higher="halo: {min_abs_z_kpc: 8}", larger="catalog: {adjust: [distance * 2]}")
    assert found.systematic(None) == {}
    for chosen, names in (("all", "higher,larger"), (["larger"], "larger")):
        flag = f"--figures-systematic={names}"
        assert found.systematic(chosen) == {"figures_systematic": flag}
    with pytest.raises(
        UserError, match=r"large is no file of config.variations; did you mean larger"
    ):
        found.systematic(["large"])


def test_columns_are_scaled_and_shifted_in_order():
    block = {"distance": np.array([2.0]), "rv": np.array([5.0]), "pmra": np.array([1.0])}
    given = adjustments("distance * 1.5, distance + 1,rv - 2")
    adjust(block, given, block)
    assert {name: values.tolist() for name, values in block.items()} == {
        "distance": [4.0],
        "rv": [3.0],
        "pmra": [1.0],
    }


@pytest.mark.parametrize("text", ["ra * 2", "distance / 2", "distance *", "rv + 1.2.3", "rv + x"])
def test_what_is_no_adjustment_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no adjustment: write NAME"):
        adjustments(text)


def test_a_column_that_the_survey_lacks_cannot_be_adjusted():
    with pytest.raises(UserError, match="the survey has no afe"):
        adjust({"afe": np.array([np.nan])}, ("afe + 1",), ("rv",))


@pytest.fixture
def given(repo, config, schema, tmp_path, monkeypatch):
    """Make the variations of a folder with these files of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "variations").mkdir(parents=True)
    (tmp_path / "resources").symlink_to(repo / "resources")
    model = ("synthetic.model", str(repo / config["synthetic"]["model"]))

    def make(**files: str) -> Variations:
        for name, text in files.items():
            (tmp_path / "config" / "variations" / f"{name}.yaml").write_text(text)
        return Variations(changed(config, model), schema, False)

    return make


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("catalog: {adjust: [distance * 1.1]}", "clean_catalog"),
        ("potential: {name: MilkyWayPotential-v2}", "compute_kinematics"),
        ("giants: {max_logg: 3}", "flag_substructure"),
        ("halo: {min_abs_z_kpc: 8}", "select_samples"),
        ("uncertainty: {method: bootstrap}", "run_realisations"),
        ("halo: {min_abs_z_kpc: 5}", None),
        ("# nothing", None),
    ],
)
def test_a_variation_runs_from_the_first_step_that_it_changes(given, text, first):
    steps = given(mine=text).steps("mine")
    assert next(iter(steps), None) == first
    assert not steps or next(reversed(steps)) == "run_realisations"


def test_own_variations_go_before_those_that_are_shipped(given):
    shipped = given()
    assert len([*shipped]) >= 14 and shipped.label("potential_v2") == "MilkyWayPotential v2"
    found = given(a_b="halo: {min_abs_z_kpc: 8}\n", other="# |Z| > 9\nhalo: {min_abs_z_kpc: 9}\n")
    assert [*map(found.label, found)] == ["a b", "|Z| > 9"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("halo: {min_abs_zkpc: 8}", "halo.min_abs_zkpc is not a key; did you mean min_abs_z_kpc"),
        ("catalog: {adjust: [dist * 2]}", "catalog.adjust.0: 'dist * 2' does not match"),
        ("geometry: {radial: {bins: 5}}", "geometry changes no profile, or its shells"),
        ("just words", "no `key: value` in it"),
        ("halo: {min_abs_z_kpc: 8", "not readable as YAML"),
    ],
)
def test_a_mistake_names_the_file_and_the_key(given, text, what):
    with pytest.raises(UserError) as error:
        given(mine=text)
    assert str(error.value).startswith("config/variations/mine.yaml: ")
    assert what in str(error.value)
