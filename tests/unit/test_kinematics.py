"""Positions, velocities and error covariances against astropy and gala, star by star."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import (
    CartesianRepresentation,
    Galactocentric,
    SkyCoord,
    galactocentric_frame_defaults,
)
from reference import by_astropy, covariance

from icefire.stars import kinematics, orbits, substructure
from icefire.surveys.catalogue import Catalogue
from icefire.surveys.maps import read_survey_map

SUN = (8.122, 20.8, (12.9, 245.6, 7.78))
VELOCITIES = ("v_r", "v_phi", "v_theta")
ERRORS = ("distance_error", "rv_error", "pmra_error", "pmdec_error", "pm_corr")


def part(stars: dict, which) -> dict:
    return {name: values[which] for name, values in stars.items()}


def random_stars(n_stars: int = 2000) -> dict:
    rng = np.random.default_rng(7)
    return {
        "ra": rng.uniform(0, 360, n_stars),
        "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, n_stars))),
        **measured(10 ** rng.uniform(-1, 2.2, n_stars), rng.uniform(0.01, 0.15, n_stars), rng),
    }


def measured(distance: np.ndarray, share, rng) -> dict:
    """Velocities of stars at distances (kpc) whose errors are a share of them."""
    n_stars = len(distance)
    return {
        "distance": distance,
        "distance_error": share * distance,
        "rv": rng.normal(0, 150, n_stars),
        "rv_error": rng.uniform(0.1, 10, n_stars),
        "pmra": rng.normal(0, 40, n_stars) / distance,
        "pmra_error": rng.uniform(0.02, 0.3, n_stars),
        "pmdec": rng.normal(0, 40, n_stars) / distance,
        "pmdec_error": rng.uniform(0.02, 0.3, n_stars),
        "pm_corr": rng.uniform(-0.95, 0.95, n_stars),
    }


@pytest.fixture(scope="module")
def frame():
    return kinematics.frame(*SUN)


@pytest.fixture(scope="module", params=["segue", "random"])
def stars(request, repo):
    if request.param == "random":
        return random_stars()
    path = request.getfixturevalue("segue_catalogue")
    survey = read_survey_map(repo / "config" / "surveys" / "segue_kgiants.yaml")
    (block,) = Catalogue(path, survey).blocks()
    return part({name: block[name] for name in random_stars(1)}, np.isfinite(block["pmra"]))


@pytest.mark.parametrize(
    "names", [("x", "y", "z"), ("r",), VELOCITIES, ("lx", "ly", "lz")], ids=" ".join
)
def test_every_star_agrees_with_astropy(stars, frame, names):
    found, wanted = kinematics.galactocentric(stars, frame), by_astropy(stars)
    assert len(found["x"]) == len(stars["ra"]) > 1000
    # Relative to the vector, because a component may pass through zero; 1e-9 of the vector keeps
    # each component that is not a thousandth of it within 1e-6.
    scale = np.sqrt(sum(wanted[name] ** 2 for name in names))
    for name in names:
        assert np.max(np.abs(found[name] - wanted[name]) / scale) < 1e-9, name


def test_another_sun_gives_another_frame_whatever_astropys_default_is():
    stars = random_stars(50)
    with galactocentric_frame_defaults.set("v4.0"):
        other = Galactocentric(
            galcen_distance=8.3 * u.kpc, z_sun=25 * u.pc, galcen_v_sun=[10, 250, 7] * u.km / u.s
        )
    with galactocentric_frame_defaults.set("pre-v4.0"):
        frame = kinematics.frame(8.3, 25.0, (10.0, 250.0, 7.0))
    found, wanted = kinematics.galactocentric(stars, frame), by_astropy(stars, other)
    for name in ("x", "y", "z", *VELOCITIES):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-7, atol=1e-7, err_msg=name)


def drawn(stars: dict, n_draws: int, seed: int) -> dict:
    """Draws of one star's measurements; none at a distance of zero or less."""
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal((4, n_draws))
    rho = stars["pm_corr"]
    normal[3] = rho * normal[2] + np.sqrt(1 - rho**2) * normal[3]
    made = {name: np.full(n_draws, stars[name]) for name in ("ra", "dec")}
    for name, noise in zip(("distance", "rv", "pmra", "pmdec"), normal, strict=True):
        made[name] = stars[name] + noise * stars[f"{name}_error"]
    return part(made, made["distance"] > 0)


def at_places(position: np.ndarray, share: np.ndarray, seed: int) -> dict:
    """Stars at Galactocentric places (3 x N, kpc), with distance errors of a share of it."""
    with galactocentric_frame_defaults.set("v4.0"):
        sky = SkyCoord(Galactocentric(CartesianRepresentation(position * u.kpc))).icrs
    stars = measured(sky.distance.to_value(u.kpc), share, np.random.default_rng(seed))
    return {"ra": sky.ra.deg, "dec": sky.dec.deg, **stars}


@pytest.mark.parametrize("share", [0.05, 0.2])
@pytest.mark.parametrize("rho_kpc", [0.01, 0.1, 0.5, 2.0, 20.0])
def test_errors_are_those_of_draws(frame, rho_kpc, share):
    """To 2 %: the promise, and five times the noise of 100,000 draws."""
    azimuth = np.array([0.3, 2.0, 4.0])
    place = np.array([rho_kpc * np.cos(azimuth), rho_kpc * np.sin(azimuth), [-25.0, 6.0, 12.0]])
    stars = at_places(place, share, seed=int(1000 * (rho_kpc + share)))
    found = kinematics.galactocentric(stars, frame, orbits.potential("MilkyWayPotential-v1"))
    given = covariance(found)
    for i in range(3):
        draws = drawn(part(stars, i), 100_000, seed=i)
        moved = kinematics.galactocentric(
            draws | dict.fromkeys(ERRORS, np.zeros(len(draws["ra"]))),
            frame,
            orbits.potential("MilkyWayPotential-v1"),
        )
        wanted = np.cov([moved[name] for name in VELOCITIES])
        size = np.sqrt(np.diag(wanted))
        np.testing.assert_allclose(np.sqrt(np.diag(given[i])), size, rtol=0.02)
        assert np.max(np.abs(given[i] - wanted) / np.outer(size, size)) < 0.04
        assert found["energy_error"][i] == pytest.approx(np.std(moved["energy"]), rel=0.02)


def test_a_giant_near_the_axis_does_not_spoil_its_shell(frame, repo, config, segue_catalogue):
    """SEGUE with distances x 0.95: one star of the shell at 31 kpc is 0.04 kpc off the axis."""
    survey = read_survey_map(repo / "config" / "surveys" / "segue_kgiants.yaml")
    (block,) = Catalogue(segue_catalogue, survey).blocks()
    stars = part({name: block[name] for name in random_stars(1)}, np.isfinite(block["pmra"]))
    stars |= {name: 0.95 * stars[name] for name in ("distance", "distance_error")}
    found = kinematics.galactocentric(stars, frame, orbits.potential("MilkyWayPotential-v1"))
    inside = (np.abs(found["z"]) > 5) & (np.abs(found["r"] - 31) < 7 / 3) & (found["energy"] < 0)
    sagittarius = {k: v for k, v in config["sagittarius"].items() if not k.startswith("afe")}
    inside &= ~substructure.in_sagittarius(found, spared=None, **sagittarius)
    shell = part(found, inside)
    assert np.hypot(shell["x"], shell["y"]).min() < 0.1
    variance = [np.var(shell[n], ddof=1) - np.mean(shell[f"{n}_error"] ** 2) for n in VELOCITIES]
    beta = 1 - (variance[1] + variance[2]) / (2 * variance[0])
    assert beta == pytest.approx(0.72, abs=0.03)


def test_covariances_are_positive_semidefinite(stars, frame):
    # |correlation| = 1 and vanishing errors are where rounding could break it.
    extreme = {**stars, "pm_corr": np.sign(stars["pm_corr"]), "rv_error": 0 * stars["rv"]}
    for given in (stars, extreme):
        matrix = covariance(kinematics.galactocentric(given, frame))
        lowest = np.linalg.eigvalsh(matrix)[:, 0]
        assert np.all(lowest >= -1e-9 * np.trace(matrix, axis1=1, axis2=2))


def test_cartesian_velocity_undoes_the_spherical_components(stars, frame):
    found, wanted = kinematics.galactocentric(stars, frame), by_astropy(stars)["velocity"]
    speed = np.sqrt(np.sum(wanted**2, axis=0))
    assert np.max(np.abs(kinematics.cartesian_velocity(found) - wanted) / speed) < 1e-9


def test_a_star_is_the_same_in_any_block(frame):
    stars = random_stars(23)
    whole = kinematics.galactocentric(stars, frame)
    for size in (1, 7):
        parts = [
            kinematics.galactocentric(part(stars, slice(start, start + size)), frame)
            for start in range(0, 23, size)
        ]
        for name, values in whole.items():
            joined = np.concatenate([block[name] for block in parts])
            assert joined.tobytes() == values.tobytes(), name
