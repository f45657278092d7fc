"""Masses of made-up tracers in equilibrium, and how much masses are said to differ over the sky."""

import numpy as np
import pytest
import yaml
from equilibrium import MASSES, SHELLS, coverage, profile, tracers

from icefire.errors import UserError
from icefire.judge import permuted
from icefire.judge.asymmetry import Settings
from icefire.mass import jeans, slopes, spread
from icefire.measure.geometry import HealpixSky
from icefire.numbers import masses
from icefire.stars import sky


@pytest.mark.parametrize("beta", [0.0, 0.5])
@pytest.mark.parametrize(("kind", "degree"), [("logarithmic", 1), ("hernquist", 2)])
def test_the_mass_of_tracers_in_equilibrium_is_found(tmp_path, kind, degree, beta):
    stars = tracers(MASSES[kind], 3.5, beta, 60_000, np.random.default_rng(5))
    found = profile(stars, tmp_path / "0.npz", 3.5, degree)
    truth = MASSES[kind](found["r"])
    error = (found["mass_hi68"] - found["mass_lo68"]) / 2
    assert np.all(np.abs(found["mass"] - truth) < 3.2 * error)
    assert np.all(error < 0.05 * truth)
    assert found["v_circ"] == pytest.approx(np.sqrt(jeans.G * truth / found["r"]), rel=0.05)
    assert not found["not_positive"].any()


def test_intervals_hold_the_true_mass(tmp_path):
    """Of few halos; make test-surveys has two hundred."""
    found = coverage(tmp_path, "logarithmic", 0.5, halos=10, n_stars=3000)
    assert 0.55 < found[68] < 0.82 and found[95] > 0.88


def test_shells_are_at_the_radius_of_their_stars(tmp_path):
    """In the middle of a shell M of tracers that crowd at its inner edge would be too large."""
    stars = tracers(MASSES["logarithmic"], 3.5, 0.0, 5000, np.random.default_rng(1))
    radii = jeans.shell_radii(SHELLS, stars)[: SHELLS.bins]
    middle = SHELLS.coordinates()["r_mid"][0][: SHELLS.bins]
    assert np.all(radii < middle) and radii[0] < 0.99 * middle[0]
    nothing = {name: values[:0] for name, values in stars.items()}
    assert np.array_equal(jeans.shell_radii(SHELLS, nothing)[: SHELLS.bins], middle)


def test_no_number_where_there_is_no_mass(tmp_path):
    stars = tracers(MASSES["logarithmic"], 3.5, 0.0, 2000, np.random.default_rng(3))
    near = {name: values[stars["r"] < 28] for name, values in stars.items()}
    found = profile(near, tmp_path / "0.npz", 3.5)
    assert np.count_nonzero(found["n_stars"] >= 10) == 3
    assert np.isnan(found["mass"]).all() and np.all(found["not_positive"] == 1)
    # Tracers whose density would have to rise outward
    found = profile(stars, tmp_path / "0.npz", -3.0)
    assert np.isnan(found["mass"]).all() and np.all(found["not_positive"] == 1)
    assert np.isnan(found["v_circ_hi95"]).all()
    mixed, lost = jeans.summary(
        np.array([[-1.0, 2.0, 3.0, 4.0, np.nan], [-1.0, -2.0, np.nan, 1, 2]])
    )
    assert list(lost) == [0.4, 0.6]
    assert mixed["mass"][0] == 2.0 and mixed["mass_lo95"][0] == 0.0 and np.isnan(mixed["mass"][1])


def test_a_potential_has_the_mass_that_its_force_tells(milky_way):
    gala = pytest.importorskip("gala.potential")
    from astropy import units as u

    r = np.array([5.0, 20.0, 60.0])
    sphere = gala.HernquistPotential(1.2e12 * u.Msun, 22 * u.kpc, units=milky_way.units)
    assert jeans.enclosed(sphere, r) == pytest.approx(MASSES["hernquist"](r), rel=1e-5)
    disc = gala.MiyamotoNagaiPotential(1e11 * u.Msun, 3 * u.kpc, 0.3 * u.kpc, units=milky_way.units)
    # All but the disc's thin tail, seen from far away
    assert jeans.enclosed(disc, np.array([3000.0])) == pytest.approx([1.0], rel=2e-3)


def test_shipped_slopes_are_those_of_their_sources(repo):
    known = slopes.read(repo / "resources" / "tracer_slopes.yaml")
    r = np.array([10.0, 20.0, 25.0, 40.0])
    assert known["smooth"](r) == pytest.approx(2.5 + 1.5 * r**4 / (r**4 + 25.0**4))
    assert list(known["han2022"](r)) == [1.70, 3.09, 3.09, 4.58]
    assert list(known["single"](r)) == [3.5] * 4
    assert all("20" in slope.source or "ours" in slope.source for slope in known.values())


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"slopes": [2, 3], "source": "x"}, "one slope more than breaks"),
        ({"slopes": [2, 3, 4], "breaks_kpc": [20, 10], "source": "x"}, "go outward"),
        ({"slopes": [2, 3], "breaks_kpc": [-1], "source": "x"}, "above zero"),
        ({"slopes": [2, "r"], "breaks_kpc": [5], "source": "x"}, "lists of numbers"),
        ({"slopes": [float("nan")], "source": "x"}, "lists of numbers"),
        ({"slopes": [2]}, "needs slopes and source"),
        ({"slopes": [2, 3], "breaks_kpc": [9], "smooth": 0, "source": "x"}, "smooth must be"),
        ("r**2", "needs slopes and source"),
    ],
)
def test_a_slope_that_is_no_function_of_radius_is_refused(tmp_path, entry, says):
    path = tmp_path / "slopes.yaml"
    path.write_text(yaml.safe_dump({"mine": entry}))
    with pytest.raises(UserError, match=f"slopes.yaml: slope mine: .*{says}"):
        slopes.read(path)
    path.write_text("- 3.5\n")
    with pytest.raises(UserError, match="must hold slopes"):
        slopes.read(path)


def test_an_unknown_slope_is_named(repo):
    with pytest.raises(UserError, match="no slope singel; did you mean single"):
        slopes.chosen(repo / "resources" / "tracer_slopes.yaml", ["smooth", "singel"])


def lumpy(tau: float, seed: int) -> tuple[dict, np.ndarray]:
    """Make a halo whose lines of sight scatter by tau in ln M; give the true ln M too."""
    rng = np.random.default_rng([3, seed])
    stars = tracers(MASSES["logarithmic"], 3.5, 0.5, 12_000, rng)
    true = tau * rng.normal(size=192)
    faster = np.exp(0.5 * true)[sky.pixels(4, stars["l"], stars["b"])]
    return stars | {name: faster * stars[name] for name in ("v_r", "v_phi", "v_theta")}, true


def over_sky(stars: dict, population=None) -> dict:
    population = np.zeros(len(stars["r"]), int) if population is None else population
    settings = Settings(permutations=200, seed=1, stratum_stars=40, min_stars=10)
    rows = spread.spread(stars, population, HealpixSky(4), {"true": 3.5}, settings)
    return {(row["over"], row["quantity"], row["fixed"]): row for row in rows}


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.2])
def test_an_injected_spread_comes_back_and_the_raw_extremes_are_wrong(tau):
    stars, true = lumpy(tau, 0)
    row = over_sky(stars)["lines of sight", "ln_mass", "r"]
    assert row["tau"] == pytest.approx(tau, abs=0.03)
    assert row["tau_lo95"] - 0.02 <= tau <= row["tau_hi95"] + 0.02
    assert (row["p"] < 0.01) == (tau > 0)
    members, rows = spread.bins_of(stars, HealpixSky(4), 10)
    halo = permuted.Halo(stars, np.zeros(12_000), members, rows)
    noisy = spread.quantities(permuted.measured(halo), {"": 3.5})["ln_mass", ""]
    raw = np.exp(np.ptp(noisy[rows["lines of sight"]]))
    # In the halo without any, the largest over the smallest is one by truth.
    assert raw > 1.2 * np.exp(np.ptp(true)) if tau < 0.2 else raw > masses.factor(tau)
    if tau == 0:
        assert raw > 1.4 and masses.factor(row["tau"]) < 1.2


def test_composition_explains_what_it_makes():
    """Two populations, one colder, in shares that differ over the sky: all of it is composition."""
    rng = np.random.default_rng(9)
    stars = tracers(MASSES["logarithmic"], 3.5, 0.0, 12_000, rng)
    share = rng.random(192)[sky.pixels(4, stars["l"], stars["b"])]
    cold = rng.random(12_000) < share
    for name in ("v_r", "v_phi", "v_theta"):
        stars[name] = np.where(cold, 0.5, 1.0) * stars[name]
    found = over_sky(stars, cold.astype(int))
    by_r, alike = (found["lines of sight", "ln_mass", f] for f in ("r", "r and population"))
    assert by_r["tau"] > 0.2 and by_r["p"] < 0.01
    assert alike["tau"] < 0.25 * by_r["tau"]
    assert masses._explained(by_r, alike) > 0.9
    assert masses._explained(alike | {"tau_lo68": 0.0}, alike) is None
