"""The synthetic survey's fields and true stars against astropy and independent integrals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from scipy.stats import kstest

from icefire.stars.sky import unit_vectors
from icefire.synthetic import survey as synthetic
from icefire.synthetic.drawing import distance_modulus
from icefire.synthetic.survey import in_footprint, place_fields

EMPTY = np.empty((2, 0))


def observe(survey) -> dict[str, np.ndarray]:
    """Give all true stars of a survey."""
    blocks = [stars for stars, _ in survey.blocks()]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


@pytest.fixture(scope="module")
def survey(survey_of):
    """5,000 rows, some of whose fields point at satellites."""
    return survey_of(5000, fields={"pointed_at_satellites": 500})


@pytest.fixture(scope="module")
def stars(survey) -> dict[str, np.ndarray]:
    return observe(survey)


def of(survey, stars, name: str) -> np.ndarray:
    """Tell which stars are of a component."""
    return stars["component"] == survey.names.index(name)


def place(stars) -> np.ndarray:
    return np.array([stars["x"], stars["y"], stars["z"]])


# --- where the fields are --------------------------------------------------------------------


def sky(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions all over the sky, deg."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


def test_the_footprint_is_by_latitude_and_declination(model):
    ra, dec = sky(5000, 1)
    b = SkyCoord(ra, dec, unit="deg").galactic.b.deg
    expected = (np.abs(b) > 20) & (dec > -20)
    # The pole of 1958 is rounded to 0.04 arcsec.
    sure = (np.abs(np.abs(b) - 20) > 1e-4) & (np.abs(dec + 20) > 1e-4)
    np.testing.assert_array_equal(in_footprint(ra, dec, model["fields"])[sure], expected[sure])


@pytest.fixture(scope="module")
def full(model):
    """The 1,512 fields of the full survey."""
    return place_fields(model["fields"], 1512, EMPTY, np.random.default_rng(2))


def nearest_deg(one, others) -> np.ndarray:
    """Angle from each of some directions to the nearest of others."""
    cosine = unit_vectors(*one).T @ unit_vectors(*others)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1).max(axis=1)))


def test_fields_are_within_the_footprint_and_evenly_spread(model, full):
    assert in_footprint(*full, model["fields"]).all()
    assert len(full[0]) == 1512
    ra, dec = sky(200_000, 3)
    ra, dec = (x[in_footprint(ra, dec, model["fields"])] for x in (ra, dec))
    area = 4 * np.pi * len(ra) / 200_000
    spacing = np.degrees(np.sqrt(area / 1512))
    # No place is farther from a field than a lattice's worst one and what fields are shaken by
    assert nearest_deg((ra[:3000], dec[:3000]), full).max() < spacing * 0.8 + 1.5
    # Stripes of declination have as many fields as they have sky, far better than at random
    edges = np.quantile(dec, np.linspace(0, 1, 9))
    counts = np.histogram(full[1], edges)[0]
    assert np.sum((counts - 189) ** 2 / 189) < 1.5  # at random 7 +- 4


# --- how many stars, and which ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "n_fields"),
    [(1000, 25), (4999, 25), (30_241, 151), (302_400, 1512), (1_000_001, 1512)],
)
def test_fewer_rows_make_fewer_fields_and_more_rows_fuller_ones(survey_of, rows, n_fields):
    survey = survey_of(rows)
    assert survey.n_fields == n_fields == len(survey.ra) == len(survey.n_stars)
    assert survey.n_stars.sum() == rows
    scatter = np.std(np.log(survey.n_stars))
    assert scatter == pytest.approx(0.12, rel=5 / np.sqrt(2 * n_fields))


def test_the_same_seed_gives_the_same_stars_in_blocks_of_any_number_of_fields(
    survey_of, monkeypatch
):
    whole = observe(survey_of(1500))
    for at_once in (1, 7):
        monkeypatch.setattr(synthetic, "_FIELDS_AT_ONCE", at_once)
        parts = observe(survey_of(1500))
        for name, values in whole.items():
            np.testing.assert_array_equal(parts[name], values, err_msg=name)


def test_another_seed_gives_other_stars_and_fields(survey_of):
    one, other = survey_of(1500), survey_of(1500, seed=2)
    assert not np.any(one.ra == other.ra)
    assert not np.intersect1d(observe(one)["distance"], observe(other)["distance"]).size


# --- the Galaxy along a line of sight --------------------------------------------------------


def sight_line(ra, dec, n: int = 3000):
    """Distances (kpc, even in the logarithm) and Galactocentric places along one direction."""
    from astropy.coordinates import Galactocentric, galactocentric_frame_defaults

    distance = np.exp(np.linspace(np.log(0.8), np.log(250), n))
    with galactocentric_frame_defaults.set("v4.0"):
        moved = SkyCoord(ra * u.deg, dec * u.deg, distance * u.kpc).transform_to(Galactocentric())
    return distance, moved.cartesian.xyz.to_value(u.kpc)


def expected_by_distance(survey, k: int, ra, dec):
    """Stars to observe per steradian and per logarithm of distance, of one component."""
    distance, xyz = sight_line(ra, dec)
    seen = survey.selections[k].observed_per_giant(distance_modulus(distance))
    return distance, survey.components[k].shape.density(xyz) * distance**3 * seen


def test_every_component_has_its_share_of_every_field(survey_of):
    """Against integrals along astropy's line of sight, one field after the other."""
    survey = survey_of(5000)
    stars = observe(survey)
    n_smooth = len(survey.components)
    expected = np.zeros((survey.n_fields, len(survey.names)))
    stream = survey.clouds[0]
    far = survey.selections[-1].observed_per_giant(distance_modulus(stream.distance))
    for field in range(survey.n_fields):
        ra, dec = survey.ra[field], survey.dec[field]
        for k in range(n_smooth):
            distance, weight = expected_by_distance(survey, k, ra, dec)
            expected[field, k] = np.trapezoid(weight, np.log(distance))
        apart = (
            SkyCoord(ra, dec, unit="deg")
            .separation(SkyCoord(stream.ra, stream.dec, unit="deg"))
            .rad
        )
        width = np.radians(stream.smoothing_deg)
        spread = np.exp(-0.5 * (apart / width) ** 2) / (2 * np.pi * width**2)
        expected[field, n_smooth] = np.sum(stream.giants * spread * far)
    expected *= (survey.n_stars / expected.sum(axis=1))[:, None]
    # A stray member of a satellite is no matter here.
    counts = np.bincount(stars["component"], minlength=len(survey.names))
    assert counts[-1] < 10
    totals = expected.sum(axis=0)
    many = totals > 5
    assert np.count_nonzero(many) >= 9
    error = np.sqrt(totals[many] * (1 - totals[many] / 5000))
    assert np.all(np.abs(counts[many] - totals[many]) < 4 * error + 0.01 * totals[many])
    # And so has every field of its most common one.
    thin = np.bincount(stars["field"][stars["component"] == 0], minlength=survey.n_fields)
    share = expected[:, 0] / survey.n_stars
    pull = (thin - expected[:, 0]) / np.sqrt(survey.n_stars * share * (1 - share))
    assert np.sum(pull**2) < 25 + 4 * np.sqrt(50)
    assert np.ptp(share) > 0.2


@pytest.fixture(scope="module")
def one_field(survey_of, model, clouds):
    """Make a survey of one field and some components, without stream and satellites."""
    nothing = [dataclasses.replace(cloud, giants=cloud.giants * 1e-12) for cloud in clouds]
    settings = {"count": 1, "min_count": 1, "stars_scatter": 0.0, "pointed_at_satellites": 0}

    def make(rows: int, *names: str, giants: dict | None = None, **changes):
        components = [dict(entry) for entry in model["components"] if entry["name"] in names]
        for entry in components:
            density = (giants or {}).get(entry["name"], entry["density"]["giants_per_kpc3"])
            entry["density"] = {**entry["density"], "giants_per_kpc3": density}
        return survey_of(rows, clouds=nothing, components=components, fields=settings, **changes)

    return make


@pytest.mark.parametrize("name", ["thin_disc", "gse"])
def test_distances_follow_density_volume_and_selection(one_field, name):
    survey = one_field(4000, name)
    distance, weight = expected_by_distance(survey, 0, survey.ra[0], survey.dec[0])
    below = np.cumsum(weight) / np.sum(weight)
    found = observe(survey)["distance"]
    assert len(found) == 4000
    assert kstest(found, lambda d: np.interp(d, distance, below)).pvalue > 1e-3


# --- motions ---------------------------------------------------------------------------------


def test_observables_are_astropys(stars, by_astropy):
    xyz, velocity = by_astropy(stars)
    np.testing.assert_allclose(place(stars), xyz, atol=1e-8)
    found = np.array([stars["vx"], stars["vy"], stars["vz"]])
    np.testing.assert_allclose(found, velocity, atol=1e-5)
    np.testing.assert_allclose(stars["parallax"] * stars["distance"], 1)
