"""The synthetic survey's fields and true stars against astropy and an independent integral."""

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from reference import by_astropy
from scipy.stats import kstest

from icefire.synthetic.clouds import satellites
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


CATALOGUE = {
    "name": ["Equator", "Wrap", "High"],
    "kind": ["dwarf", "globular_cluster", "dwarf"],
    "ra": [120.0, 0.05, 250.0],
    "dec": [0.0, 30.0, 75.0],
    "radius": [0.4, 0.5, 0.2],
    "radius_kind": ["half-light", "tidal", "half-light"],
    "distance": [80.0, 12.0, 40.0],
    "rv": [100.0, -200.0, 30.0],
    "sigma_v": [9.0, 4.0, 5.0],
    "pmra": [0.1, -2.0, 0.5],
    "pmdec": [-0.2, 1.5, -0.7],
}


@pytest.mark.parametrize(("name", "blank"), [("dec", False), ("pmra", True)])
def test_an_object_without_a_number_is_left_out_and_the_others_stay_as_they_are(
    model, sun, tmp_path, name, blank
):
    def members(**columns) -> dict[str, np.ndarray]:
        path = tmp_path / "satellites.ecsv"
        Table(CATALOGUE | columns).write(path, format="ascii.ecsv", overwrite=True)
        found = satellites(path, model["satellites"], sun, np.random.default_rng(1))
        names = np.unique(found.object_name)
        return {one.decode(): found.ra[found.object_name == one] for one in names}

    values = CATALOGUE[name]
    column = [values[0], np.nan, values[2]]
    if blank:
        column = MaskedColumn(values, mask=[False, True, False])
    usual, found = members(), members(**{name: column})
    assert set(usual) - set(found) == {"Wrap"}
    for kept in found:
        np.testing.assert_array_equal(found[kept], usual[kept])
