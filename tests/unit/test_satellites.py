"""Membership of catalogued satellites, quantity by quantity, and the catalogue itself."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table

from icefire.errors import UserError
from icefire.stars.satellites import is_member, read_satellites

# km/s per mas/yr kpc, to the digits everybody knows
K = 4.74047
SATELLITE = {
    "ra": 30.0,
    "dec": 10.0,
    "radius": 0.2,
    "distance": 50.0,
    "distance_error": 3.0,
    "rv": 100.0,
    "rv_error": 1.2,
    "sigma_v": 0.0,
    "pmra": 0.5,
    "pmra_error": 0.03,
    "pmdec": -0.3,
    "pmdec_error": 0.05,
}
STAR_ERRORS = {"distance": 4.0, "rv": 0.5, "pmra": 0.04, "pmdec": 0.12}
# sqrt(star^2 + satellite^2), a Pythagorean pair each
ERRORS = {"distance": 5.0, "rv": 1.3, "pmra": 0.05, "pmdec": 0.13}


def member(satellite: dict | None = None, min_radius_deg: float = 0.5, **star) -> np.ndarray:
    """Membership of stars that are at the satellite but for what is given."""
    satellite = {**SATELLITE, **(satellite or {})}
    values = {name: satellite[name] for name in ("ra", "dec", *STAR_ERRORS)}
    values |= {f"{name}_error": error for name, error in STAR_ERRORS.items()}
    stars = np.broadcast_arrays(*(np.atleast_1d(v) for v in {**values, **star}.values()))
    names = {**values, **star}
    catalogue = {name: np.array([value]) for name, value in satellite.items()}
    return is_member(dict(zip(names, stars, strict=True)), catalogue, min_radius_deg, 3.0)


@pytest.mark.parametrize("name", ERRORS)
def test_three_sigma_in_each_quantity(name):
    offsets = np.array([-3.1, -2.9, 2.9, 3.1]) * ERRORS[name]
    found = member(**{name: SATELLITE[name] + offsets})
    assert found.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("name", "spread"), [("rv", 40.0), ("pmra", 40 / (K * 50)), ("pmdec", 40 / (K * 50))]
)
def test_the_satellites_dispersion_widens_velocity_and_proper_motions(name, spread):
    wide = np.hypot(ERRORS[name], spread)
    value = SATELLITE[name] + np.array([2.9, 3.1]) * wide
    assert 2.9 * wide > 3.1 * ERRORS[name]
    assert member({"sigma_v": 40.0}, **{name: value}).tolist() == [True, False]
    assert not member(**{name: value}).any()


@pytest.mark.parametrize(("own", "least", "radius"), [(0.2, 0.5, 0.5), (0.8, 0.5, 0.8)])
@pytest.mark.parametrize(
    ("ra", "dec"), [(30, 10), (0, 0), (359.99, -5), (0.02, 60), (120, 89.9), (200, 90), (10, -90)]
)
def test_the_larger_radius_counts_all_around_the_sky(own, least, radius, ra, dec):
    angle = np.arange(0, 360, 15) * u.deg
    for factor, inside in ((0.99, True), (1.01, False)):
        around = SkyCoord(ra, dec, unit="deg").directional_offset_by(angle, factor * radius * u.deg)
        satellite = {"ra": ra, "dec": dec, "radius": own}
        found = member(satellite, least, ra=around.ra.deg, dec=around.dec.deg)
        assert np.all(found == inside)


def test_a_star_is_a_member_of_any_satellite_it_fits():
    # Two satellites that overlap on the sky and differ in velocity
    catalogue = {name: np.array([value, value]) for name, value in SATELLITE.items()}
    catalogue["rv"] = np.array([100.0, -200.0])
    star = {
        "rv": np.array([100.0, -200.0, -50.0]),
        **{n: np.full(3, SATELLITE[n]) for n in ("ra", "dec", "distance", "pmra", "pmdec")},
        **{f"{name}_error": np.full(3, error) for name, error in STAR_ERRORS.items()},
    }
    assert is_member(star, catalogue, 0.5, 3.0).tolist() == [True, True, False]


@pytest.mark.parametrize("name", ["ra", "distance", "rv", "pmra", "pmdec", "rv_error"])
def test_a_star_with_a_missing_value_is_no_member(name):
    assert not member(**{name: np.nan})[0]


def write_catalogue(path, **changes):
    table = Table({"name": ["Alpha", "Beta"]})
    for name, value in SATELLITE.items():
        table[name] = [value, value]
    for name, column in changes.items():
        table[name] = column
    table.write(path, format="ascii.ecsv")
    return path


@pytest.mark.parametrize("unknown", [[np.nan, 2.0], MaskedColumn([9.0, 2.0], mask=[True, False])])
@pytest.mark.parametrize("name", ["rv_error", "distance_error", "sigma_v", "radius"])
def test_an_unknown_error_dispersion_or_radius_counts_as_zero(tmp_path, name, unknown):
    found = read_satellites(write_catalogue(tmp_path / "s.ecsv", **{name: unknown}))
    assert found[name].tolist() == [0.0, 2.0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rv": [1.0, np.nan]}, "Beta has no rv"),
        ({"pmdec": MaskedColumn([1.0, 2.0], mask=[True, False])}, "Alpha has no pmdec"),
        ({"distance": [50.0, 0.0]}, "Beta has a distance of zero"),
        ({"distance": [-1.0, 50.0]}, "Alpha has a distance of zero"),
        ({"ra": ["10h", "11h"]}, "column ra does not hold numbers"),
    ],
)
def test_what_a_satellite_must_have(tmp_path, changes, words):
    path = write_catalogue(tmp_path / "mine.ecsv", **changes)
    with pytest.raises(UserError, match=f"mine.ecsv.*{words}"):
        read_satellites(path)


def test_the_committed_catalogue_knows_the_classical_satellites(repo):
    found = read_satellites(repo / "resources" / "satellites.ecsv")
    # Heliocentric distance (kpc) and velocity (km/s) to the precision of textbooks
    known = {
        "Draco": (260.05, 57.92, 76, -291),
        "Sculptor": (15.04, -33.71, 86, 111),
        "Fornax": (40.0, -34.45, 147, 55),
        "Sextans": (153.26, -1.61, 86, 224),
    }
    for name, (ra, dec, distance, rv) in known.items():
        (i,) = np.flatnonzero(found["name"] == name)
        assert abs(found["ra"][i] - ra) < 0.1 and abs(found["dec"][i] - dec) < 0.1
        assert found["distance"][i] == pytest.approx(distance, rel=0.1)
        assert found["rv"][i] == pytest.approx(rv, abs=5)
    assert len(found["name"]) > 200 and len(set(found["name"])) == len(found["name"])
    for name in SATELLITE:
        assert np.isfinite(found[name]).all(), name
