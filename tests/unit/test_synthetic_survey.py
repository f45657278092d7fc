"""The synthetic survey's fields and true stars against astropy and an independent integral."""

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from reference import by_astropy
from scipy.stats import kstest

from icefire.synthetic.drawing import distance_modulus


def observe(survey) -> dict[str, np.ndarray]:
    """Give all true stars of a survey."""
    blocks = [stars for stars, _ in survey.blocks()]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


@pytest.mark.parametrize(
    ("rows", "n_fields"),
    [(1000, 25), (30_241, 151), (1_000_001, 1512)],
)
def test_fewer_rows_make_fewer_fields_and_more_rows_fuller_ones(survey_of, rows, n_fields):
    survey = survey_of(rows)
    assert survey.n_fields == n_fields == len(survey.ra) == len(survey.n_stars)
    assert survey.n_stars.sum() == rows
    scatter = np.std(np.log(survey.n_stars))
    assert scatter == pytest.approx(0.12, rel=5 / np.sqrt(2 * n_fields))


def test_another_seed_gives_other_stars_and_fields(survey_of):
    one, other = survey_of(1500), survey_of(1500, seed=2)
    assert not np.any(one.ra == other.ra)
    assert not np.intersect1d(observe(one)["distance"], observe(other)["distance"]).size


def sight_line(ra, dec, n: int = 3000):
    """Distances (kpc, even in the logarithm) and Galactocentric places along one direction."""
    from astropy.coordinates import Galactocentric, galactocentric_frame_defaults

    distance = np.exp(np.linspace(np.log(0.8), np.log(250), n))
    with galactocentric_frame_defaults.set("v4.0"):
        moved = SkyCoord(ra * u.deg, dec * u.deg, distance * u.kpc).transform_to(Galactocentric())
    return distance, moved.cartesian.xyz.to_value(u.kpc)


@pytest.mark.parametrize("name", ["thin_disc", "gse"])
def test_distances_follow_density_volume_and_selection(survey_of, model, clouds, name):
    """In one field with one component, without stream and satellites."""
    nothing = [dataclasses.replace(cloud, giants=cloud.giants * 1e-12) for cloud in clouds]
    settings = {"count": 1, "min_count": 1, "stars_scatter": 0.0, "pointed_at_satellites": 0}
    components = [entry for entry in model["components"] if entry["name"] == name]
    survey = survey_of(4000, clouds=nothing, components=components, fields=settings)
    distance, xyz = sight_line(survey.ra[0], survey.dec[0])
    # Stars to observe per steradian and per logarithm of distance
    weight = survey.selections[0].observed_per_giant(distance_modulus(distance))
    weight = weight * survey.components[0].shape.density(xyz) * distance**3
    below = np.cumsum(weight) / np.sum(weight)
    found = observe(survey)["distance"]
    assert len(found) == 4000
    assert kstest(found, lambda d: np.interp(d, distance, below)).pvalue > 1e-3


def test_observables_are_astropys(survey_of):
    """Also of fields that point at satellites."""
    stars = observe(survey_of(5000, fields={"pointed_at_satellites": 500}))
    wanted = by_astropy(stars)
    for name in "xyz":
        np.testing.assert_allclose(stars[name], wanted[name], atol=1e-8)
    found = np.array([stars["vx"], stars["vy"], stars["vz"]])
    np.testing.assert_allclose(found, wanted["velocity"], atol=1e-5)
    np.testing.assert_allclose(stars["parallax"] * stars["distance"], 1)
