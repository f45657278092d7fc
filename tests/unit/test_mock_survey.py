"""The synthetic survey's fields and true stars against astropy and independent integrals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from scipy.stats import kstest, norm

from icefire.errors import UserError
from icefire.stars import orbits
from icefire.stars.sky import unit_vectors
from icefire.synthetic import survey as synthetic
from icefire.synthetic.drawing import distance_modulus
from icefire.synthetic.galaxy import Chemistry
from icefire.synthetic.survey import in_footprint, offset, place_fields, spherical_basis

VELOCITIES = ("v_r", "v_phi", "v_theta")
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


def test_a_small_survey_has_patches_of_the_full_one_s_fields(model):
    ra, dec = place_fields(model["fields"], 80, EMPTY, np.random.default_rng(2))
    assert in_footprint(ra, dec, model["fields"]).all()
    cosine = unit_vectors(ra, dec).T @ unit_vectors(ra, dec)
    np.fill_diagonal(cosine, -1)
    apart = np.degrees(np.arccos(cosine.max(axis=1)))
    # The full survey's fields are 3.9 deg apart, 80 even ones would be 17 deg apart.
    assert np.median(apart) < 5
    # Ten patches of eight, and they are all over the footprint
    x, y, z = unit_vectors(ra, dec)
    octants = set(zip(x > 0, y > 0, z > 0, strict=True))
    assert len(octants) >= 6


def test_every_pointing_has_a_field_even_where_two_are_close(model):
    pointings = np.array([[198.23, 199.11, 150.0], [18.17, 17.70, 60.0]])
    fields = place_fields(model["fields"], 100, pointings, np.random.default_rng(2))
    assert nearest_deg(pointings, fields) == pytest.approx(0, abs=1e-5)
    unmoved = place_fields(model["fields"], 100, EMPTY, np.random.default_rng(2))
    assert np.count_nonzero(fields[0] != unmoved[0]) == 3


@pytest.mark.parametrize("settings", [{"min_dec_deg": 90.0}, {"min_abs_b_deg": 89.99}])
def test_a_footprint_without_sky_is_refused(model, settings):
    with pytest.raises(UserError, match="leave nothing of the sky"):
        place_fields({**model["fields"], **settings}, 25, EMPTY, np.random.default_rng(2))


def test_directions_move_as_astropy_moves_them():
    ra, dec = sky(300, 4)
    rng = np.random.default_rng(5)
    step, angle = rng.uniform(0, 3, 300), rng.uniform(0, 2 * np.pi, 300)
    moved = SkyCoord(ra, dec, unit="deg").directional_offset_by(angle * u.rad, step * u.deg)
    found = SkyCoord(*offset(ra, dec, step, angle), unit="deg")
    assert found.separation(moved).arcsec.max() < 1e-3


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


@pytest.mark.parametrize("rows", [1000, 2777])
def test_there_are_exactly_as_many_stars_as_rows_field_by_field(survey_of, rows):
    survey = survey_of(rows)
    counts = np.bincount(observe(survey)["field"], minlength=survey.n_fields)
    np.testing.assert_array_equal(counts, survey.n_stars)
    assert counts.sum() == rows


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


def test_fields_without_a_star_are_left_out(survey_of):
    survey = survey_of(1000, fields={"min_count": 200, "stars_scatter": 3.0})
    assert np.count_nonzero(survey.n_stars == 0) > 50
    for stars, streams in survey.blocks():
        assert len(np.unique(stars["field"])) == len(streams)
    assert len(observe(survey)["field"]) == 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"selection": {"windows": [{"r_min": 40.0, "r_max": 41.0, "weight": 1.0}]}},
        {"fields": {"distances_kpc": [240.0, 250.0]}},
    ],
)
def test_a_survey_that_can_see_no_star_is_refused(survey_of, changes):
    with pytest.raises(UserError, match="no star to observe"):
        survey_of(1000, **changes)


def test_stars_are_spread_evenly_over_their_fields(survey, stars):
    smooth = ~of(survey, stars, "satellites")
    field = stars["field"][smooth]
    centre = SkyCoord(survey.ra[field], survey.dec[field], unit="deg")
    star = SkyCoord(stars["ra"][smooth], stars["dec"][smooth], unit="deg")
    assert kstest((centre.separation(star).deg / 0.5) ** 2, "uniform").pvalue > 1e-3
    assert kstest(centre.position_angle(star).deg / 360, "uniform").pvalue > 1e-3


def test_nights_are_within_the_survey(survey_of):
    survey = survey_of(302_400, fields={"nights": 30})
    assert set(survey.night) == set(range(30))


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


def test_younger_components_bring_more_stars_that_are_no_giants(survey_of, model):
    (halo,) = [entry for entry in model["components"] if entry["name"] == "other_accreted"]
    twins = [{**halo, "name": name, "others_per_giant": n} for name, n in (("a", 1.0), ("b", 5.0))]
    stars = observe(survey_of(5000, components=twins))
    for is_kind, share in ((stars["logg"] < 3.5, 1 / 2), (stars["logg"] >= 3.5, 5 / 6)):
        n, of_b = (np.sum((stars["component"] == k) & is_kind) for k in (0, 1))
        n += of_b
        assert n > 500
        assert of_b / n == pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


# --- motions ---------------------------------------------------------------------------------


def test_the_spherical_basis_is_orthonormal_and_has_the_survey_s_signs():
    x = np.random.default_rng(6).normal(0, 20, (3, 300))
    basis = spherical_basis(x)
    products = np.einsum("ikn,jkn->nij", basis, basis)
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(3), products.shape), atol=1e-12)
    step = 1e-4

    def moved(which: int, of) -> np.ndarray:
        return (of(x + step * basis[which]) - of(x - step * basis[which])) / (2 * step)

    def radius(x):
        return np.linalg.norm(x, axis=0)

    # Outward, along increasing longitude, and toward increasing latitude
    np.testing.assert_allclose(moved(0, radius), 1, rtol=1e-6)
    assert np.all(moved(1, lambda x: np.unwrap(np.arctan2(x[1], x[0]), axis=0)) > 0)
    assert np.all(moved(2, lambda x: x[2] / radius(x)) > 0)
    # The Sun, which moves toward +Y at negative X
    disc = spherical_basis(np.array([[-8.1], [0.0], [0.02]]))[:, :, 0] @ [0, 220.0, 0]
    np.testing.assert_allclose(disc, [0, -220, 0], atol=1e-9)


def test_observables_are_astropys(stars, by_astropy):
    xyz, velocity = by_astropy(stars)
    np.testing.assert_allclose(place(stars), xyz, atol=1e-8)
    found = np.array([stars["vx"], stars["vy"], stars["vz"]])
    np.testing.assert_allclose(found, velocity, atol=1e-5)
    np.testing.assert_allclose(stars["parallax"] * stars["distance"], 1)


def test_spherical_velocities_and_energies_are_those_of_the_motion(stars, milky_way):
    velocity = np.array([stars["vx"], stars["vy"], stars["vz"]])
    xyz = place(stars)
    r, rho = np.linalg.norm(xyz, axis=0), np.hypot(*xyz[:2])
    v_r = (xyz * velocity).sum(axis=0) / r
    np.testing.assert_allclose(stars["v_r"], v_r, atol=1e-9)
    v_phi = (xyz[0] * velocity[1] - xyz[1] * velocity[0]) / rho
    np.testing.assert_allclose(stars["v_phi"], v_phi, atol=1e-9)
    # d(z/r)/dt = v_theta cos(latitude) / r
    v_theta = (velocity[2] - v_r * xyz[2] / r) * r / rho
    np.testing.assert_allclose(stars["v_theta"], v_theta, atol=1e-8)
    expected = orbits.energy(milky_way, xyz, velocity)
    np.testing.assert_allclose(stars["energy"], expected, rtol=1e-9, atol=1e-3)


def test_velocities_are_gaussian_about_the_component_s_moments(survey, stars):
    for k, component in enumerate(survey.components):
        mine = stars["component"] == k
        if component.escape or np.count_nonzero(mine) < 50:
            continue
        mean, sigma = component.velocity.moments(place(stars)[:, mine])
        for i, name in enumerate(VELOCITIES):
            np.testing.assert_allclose(stars[f"mean_{name}"][mine], mean[i])
            np.testing.assert_allclose(stars[f"sigma_{name}"][mine], sigma[i])
            pull = (stars[name][mine] - mean[i]) / sigma[i]
            assert kstest(pull, norm.cdf).pvalue > 1e-4, (component.name, name)
    # A disc turns with the Sun, backward in longitude.
    assert np.median(stars["v_phi"][of(survey, stars, "thin_disc")]) < -180


def test_bound_stars_are_slower_than_escape_and_interlopers_faster(one_field, milky_way):
    survey = one_field(4000, "gse", "interlopers", giants={"interlopers": 3.0})
    stars = observe(survey)
    speed = np.linalg.norm([stars[name] for name in VELOCITIES], axis=0)
    escape = np.sqrt(-2 * orbits.energy(milky_way, place(stars), np.zeros((3, 1))))
    fast = of(survey, stars, "interlopers")
    assert 500 < np.count_nonzero(fast) < 3500
    ratio = speed / escape
    assert ratio[~fast].max() <= 0.97 + 1e-12
    assert np.all(stars["energy"][~fast] < 0) and np.all(stars["energy"][fast] > 0)
    assert kstest((ratio[fast] - 1.02) / 0.28, "uniform").pvalue > 1e-3
    for name in VELOCITIES:
        # In all directions alike: each cosine is uniform
        cosine = stars[name][fast] / speed[fast]
        assert kstest(0.5 * (cosine + 1), "uniform").pvalue > 1e-3
        assert np.isnan(stars[f"sigma_{name}"][fast]).all()


def test_stars_too_fast_are_slowed_in_their_own_direction(one_field):
    usual = observe(one_field(2000, "gse"))
    slowed = observe(one_field(2000, "gse", max_escape_speed_ratio=0.3))
    before, after = (np.array([s[name] for name in VELOCITIES]) for s in (usual, slowed))
    cut = np.any(before != after, axis=0)
    assert 200 < np.count_nonzero(cut) < 1900
    cosine = (before * after).sum(axis=0) / np.linalg.norm(before, axis=0)
    np.testing.assert_allclose(cosine, np.linalg.norm(after, axis=0), rtol=1e-12)


# --- stream and satellites -------------------------------------------------------------------


def test_stars_of_the_stream_are_those_of_its_particles(survey_of, clouds):
    many = [dataclasses.replace(clouds[0], giants=clouds[0].giants * 30), clouds[1]]
    survey = survey_of(5000, clouds=many)
    stars = observe(survey)
    mine = of(survey, stars, "sagittarius")
    assert np.count_nonzero(mine) > 500
    assert set(stars["object_name"][mine]) == {b""}
    np.testing.assert_allclose(stars["sigma_v_r"][mine], many[0].sigma[0])
    # Each mean motion, in Cartesian axes, is one of the particles'
    means = np.array([stars[f"mean_{name}"][mine] for name in VELOCITIES])
    cartesian = np.einsum("ikn,in->kn", spherical_basis(place(stars)[:, mine]), means)
    apart = np.linalg.norm(cartesian[:, :, None] - many[0].velocity[:, None, :], axis=0)
    particle = apart.argmin(axis=1)
    assert apart.min(axis=1).max() < 1e-6
    scatter = np.log(stars["distance"][mine] / many[0].distance[particle])
    assert kstest(scatter / many[0].distance_scatter, norm.cdf).pvalue > 1e-3
    # Spread on the sky by the smoothing, of the field that sees it
    star = SkyCoord(stars["ra"][mine], stars["dec"][mine], unit="deg")
    origin = SkyCoord(many[0].ra[particle], many[0].dec[particle], unit="deg")
    assert np.median(star.separation(origin).deg) < 2 * many[0].smoothing_deg
    kicks = (np.array([stars[name][mine] for name in VELOCITIES]) - means) / many[0].sigma[0]
    assert kstest(np.ravel(kicks), norm.cdf).pvalue > 1e-3


def test_members_are_at_their_satellite_with_its_motion_and_dispersion(
    survey, stars, clouds, by_astropy
):
    mine = of(survey, stars, "satellites")
    assert np.count_nonzero(mine) > 100
    assert np.all((stars["object_name"] != b"") == mine)
    members = clouds[1]
    for name in np.unique(stars["object_name"][mine]):
        here, its = stars["object_name"] == name, members.object_name == name
        # A star is where one of the particles is.
        for key in ("ra", "dec", "distance"):
            assert np.isin(stars[key][here], getattr(members, key)[its]).all()
        dispersion = members.sigma[its][0]
        np.testing.assert_allclose(stars["sigma_v_theta"][here], dispersion)
        velocity = np.array([stars["vx"][here], stars["vy"][here], stars["vz"][here]])
        kicks = (velocity - members.velocity[:, its][:, :1]) / dispersion
        assert np.sum(kicks**2) < kicks.size + 5 * np.sqrt(2 * kicks.size)


def test_satellites_get_no_more_than_their_share_of_a_field(survey_of, clouds):
    rich = [clouds[0], dataclasses.replace(clouds[1], giants=clouds[1].giants * 1e6)]
    fields = {"pointed_at_satellites": 1500, "max_satellite_share": 0.3}
    survey = survey_of(5000, clouds=rich, fields=fields)
    stars = observe(survey)
    counts = np.bincount(stars["field"][of(survey, stars, "satellites")], minlength=25)
    assert np.count_nonzero(counts) > 15
    expected = 0.3 * survey.n_stars[counts > 0]
    pull = (counts[counts > 0] - expected) / np.sqrt(0.7 * expected)
    assert abs(pull.mean()) < 4 / np.sqrt(len(pull)) and pull.max() < 4


def test_fields_point_at_the_satellites_with_most_stars_to_observe(survey, clouds, repo, model):
    members = clouds[1]
    modulus = distance_modulus(members.distance)
    seen = members.giants * survey.selections[-1].observed_per_giant(modulus)
    table = Table.read(repo / "resources" / "satellites.ecsv", format="ascii.ecsv")
    inside = table[in_footprint(np.array(table["ra"]), np.array(table["dec"]), model["fields"])]
    inside["seen"] = [seen[members.object_name == name.encode()].sum() for name in inside["name"]]
    inside.sort("seen", reverse=True)
    # 500 of the full survey's fields are 8 of this one's; the middle of the members that were
    # drawn is not quite the catalogued one.
    centres = np.array(inside["ra"])[:8], np.array(inside["dec"])[:8]
    assert nearest_deg(centres, (survey.ra, survey.dec)).max() < 0.1


# --- chemistry and magnitudes ----------------------------------------------------------------


def test_every_star_has_the_chemistry_of_its_own_population(survey_of, model, clouds):
    """Populations that are points in the plane, all different."""

    def point(number: float) -> list[dict]:
        (entry, *_) = model["components"][0]["chemistry"]
        sharp = {name: 1e-6 for name in ("feh_sigma_low", "feh_sigma_high", "afe_sigma")}
        return [{**entry, **sharp, "feh": -number, "afe": number / 10}]

    components = [
        {**entry, "chemistry": point(k)} for k, entry in enumerate(model["components"], 1)
    ]
    stream, members = clouds
    # Dwarf galaxies rich enough for some fields to point at them
    giants = members.giants * np.where(members.chemistry_index == 0, 100, 1)
    own = [Chemistry(point(60.0)), Chemistry(point(61.0))]
    marked = [
        dataclasses.replace(stream, chemistry=[Chemistry(point(50.0))]),
        dataclasses.replace(members, chemistry=own, giants=giants),
    ]
    survey = survey_of(
        5000, components=components, clouds=marked, fields={"pointed_at_satellites": 500}
    )
    stars = observe(survey)
    found = np.rint(-stars["feh"]).astype(int)
    np.testing.assert_allclose(stars["afe"], found / 10, atol=1e-4)
    smooth = stars["component"] < len(components)
    np.testing.assert_array_equal(found[smooth], stars["component"][smooth] + 1)
    assert set(found[of(survey, stars, "sagittarius")]) == {50}
    mine = of(survey, stars, "satellites")
    kinds = dict(zip(members.object_name, members.chemistry_index, strict=True))
    expected = [60 + kinds[name] for name in stars["object_name"][mine]]
    np.testing.assert_array_equal(found[mine], expected)
    assert set(expected) == {60, 61}


def test_magnitudes_are_those_that_the_survey_observes(survey, stars):
    magnitude = stars["abs_r"] + distance_modulus(stars["distance"])
    # Half a bin of the absolute magnitudes and a step of the moduli beyond the limits
    assert 14.95 < magnitude.min() < 15.2 and 18.3 < magnitude.max() < 18.55
    made = survey.sequence.stars(stars["abs_r"], stars["feh"])
    for name in ("logg", "teff", "g_r"):
        np.testing.assert_array_equal(stars[name], made[name])
