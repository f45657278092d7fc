"""Halos whose truth is known, to try the methods on: stars, their errors, the ellipsoid they obey.

In every halo the velocity ellipsoid shrinks with radius while its anisotropy stays, so that an
anisotropy that seems to change is the method's doing. The scenarios part what can go wrong:

- `gaussian`: Gaussian velocities, Gaussian errors of known covariance, a third of whose variance
  the three components share, as they do a wrong distance. Errors grow with radius, and at every
  radius the quadrants have very different numbers of stars. What all methods assume holds.
- the other SHAPES: the same ellipsoid and errors, but velocities are not Gaussian.
- `catalogue`: as the first, with the stars of a run's own halo sample, where they are and with the
  errors that they have.
- `distances 10 %`, `distances 15 %`: true stars are observed like the H3 survey's giants (Gaia's
  proper motions, distances with such errors), carried through the pipeline's kinematics and cut by
  energy, |Z| and r. Errors follow the velocities that they belong to, and wrong distances put
  stars into wrong bins.
"""

from collections.abc import Mapping

import numpy as np

from icefire.measure.recipes import COMPONENTS, cholesky, stream
from icefire.stars import substructure
from icefire.stars.cuts import CUTS
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC, Frame, cartesian_velocity, galactocentric
from icefire.stars.sky import angles_deg

# The ellipsoid: sigma_r = 140 km/s at 10 kpc, falling with the fourth root of the radius; a
# constant anisotropy; and v_phi's share of the tangential variance
_SIGMA_R, _AT_KPC, _SLOPE = 140.0, 10.0, -0.25
_BETA, _PHI_SHARE = 0.7, 0.55

# The shapes: the stars' radii, evenly; shares of the quadrants; errors of the three components
# in units of their dispersions at the inner and the outer radius, with their scatter in dex; and
# the shared part of the error variance
_RADII_KPC = (10.0, 80.0)
_QUADRANT_SHARES = (0.6, 0.26, 0.1, 0.04)
_ERRORS = np.array([[0.025, 0.4], [0.05, 0.8], [0.05, 0.8]])
_ERROR_SCATTER, _SHARED = 0.1, 1 / 3

# Dispersions of two populations of equal numbers (km/s), and how far from zero two lobes stand, in
# dispersions of both together
_POPULATIONS, _LOBE = (70.0, 160.0), 0.85

# Distance errors (relative) of the scenarios with observed halos
DISTANCES = {"distances 10 %": 0.10, "distances 15 %": 0.15}
# Observed halos: the share of H3's giants beyond a radius, made up beyond 80 kpc; errors of radial
# velocities (km/s), and Gaia's of proper motions (mas/yr) at four G (DR3; pmdec's are smaller).
# So that far shells have many stars as well, so many times more are drawn, and all kept beyond a
# radius; nearer ones are thinned by their observed radius, to a power, which changes nothing in a
# shell but the number of stars.
_BEYOND_KPC = (5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0)
_BEYOND = (0.877, 0.735, 0.553, 0.342, 0.204, 0.115, 0.067, 0.030, 0.0135, 0.0078, 0.0033, 0.0018)
_DRAWN_PER_STAR, _ALL_BEYOND_KPC, _THINNING = 12, 40.0, 3
_RV_ERROR = 0.3
_MAGNITUDES, _PM_ERRORS = (15.0, 16.0, 17.0, 18.0), (0.030, 0.049, 0.082, 0.147)
_PMDEC_SHARE, _PM_CORR_SCATTER = 0.86, 0.2
_MIN_ABS_B_DEG = 20.0

# The steps of cuts that an observed halo is passed through
_CUTS = ("unbound", "halo")


def _gaussian(rng: np.random.Generator, n_stars: int) -> np.ndarray:
    return rng.standard_normal((3, n_stars))


def _student_t5(rng: np.random.Generator, n_stars: int) -> np.ndarray:
    return np.sqrt(3 / 5) * rng.standard_t(5, (3, n_stars))


def _uniform(rng: np.random.Generator, n_stars: int) -> np.ndarray:
    return rng.uniform(-np.sqrt(3), np.sqrt(3), (3, n_stars))


def _two_populations(rng: np.random.Generator, n_stars: int) -> np.ndarray:
    sizes = np.array(_POPULATIONS) / np.sqrt(np.mean(np.square(_POPULATIONS)))
    return sizes[rng.integers(2, size=n_stars)] * _gaussian(rng, n_stars)


def _two_lobes(rng: np.random.Generator, n_stars: int) -> np.ndarray:
    """Part the radial component only, as stars on radial orbits seen far from their turning points.

    The "sausage" of the Gaia-Sausage-Enceladus merger (Lancaster et al. 2019).
    """
    deviates = _gaussian(rng, n_stars)
    deviates[0] *= np.sqrt(1 - _LOBE**2)
    deviates[0] += rng.choice([-_LOBE, _LOBE], n_stars)
    return deviates


# Deviates of mean zero and variance one, 3 x N. Kurtoses are 3, 9, 1.8, 4.4 and 2.0 (v_r's).
SHAPES = {
    "gaussian": _gaussian,
    "student t5": _student_t5,
    "uniform": _uniform,
    "two populations": _two_populations,
    "two lobes": _two_lobes,
}
SCENARIOS = (*SHAPES, "catalogue", *DISTANCES)


def ellipsoid(r_kpc: np.ndarray) -> np.ndarray:
    """Give the true variances of (v_r, v_phi, v_theta) at N radii, 3 x N, km2/s2."""
    radial = (_SIGMA_R * (r_kpc / _AT_KPC) ** _SLOPE) ** 2
    tangential = 2 * (1 - _BETA) * radial
    return np.array([radial, _PHI_SHARE * tangential, (1 - _PHI_SHARE) * tangential])


def make(
    scenario: str,
    seed: int,
    number: int,
    n_stars: int,
    catalogue: dict,
    frame: Frame,
    potential=None,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Make halo `number` of a scenario.

    Parameters:
        scenario: One of SCENARIOS.
        seed, number: Name the random stream; other halos change nothing.
        n_stars: About how many stars, where they are not a catalogue's.
        catalogue: For `catalogue`: columns `r l b`, velocity errors and their covariances.
        frame: For DISTANCES: the Galactocentric frame.
        potential: For DISTANCES: of `orbits.potential`, for the energies; None where no cut needs
            them.

    Returns: Columns `r z l b` as observed (kpc, deg) and those of `recipes.COLUMNS`, for DISTANCES
        with a potential also `energy energy_error` (km2/s2); and the ellipsoid's variances at the
        stars' true places, 3 x N (km2/s2).
    """
    rng = stream(seed, f"halo, {scenario}", number)
    if scenario in DISTANCES:
        return _observed(rng, n_stars * _DRAWN_PER_STAR, frame, potential, DISTANCES[scenario])
    if scenario == "catalogue":
        stars = dict(catalogue)
    else:
        stars = _places(rng, n_stars)
        stars |= _errors(rng, stars["r"])
    true = ellipsoid(stars["r"])
    velocity = np.sqrt(true) * SHAPES.get(scenario, _gaussian)(rng, true.shape[1])
    noise = rng.standard_normal(true.shape)
    velocity += np.einsum("ijs,js->is", cholesky(stars, correlated=True), noise)
    return stars | dict(zip(COMPONENTS, velocity, strict=True)), true


def selected(
    stars: dict, true: np.ndarray, halo: Mapping, unbound_max_sigma: float | None
) -> tuple[dict, np.ndarray]:
    """Pass an observed halo through the pipeline's cuts.

    Parameters:
        stars, true: Of `make`, N stars; with energies, unless the cut of unbound stars is off.
        halo: The values of that section.
        unbound_max_sigma: Stars of this many errors of their energy or more are removed; None: the
            cut is off.

    Returns: The stars left, and `true` for them.
    """
    unbound = np.zeros(true.shape[1], bool)
    if unbound_max_sigma is not None:
        unbound = substructure.is_unbound(stars, unbound_max_sigma)
    stars = stars | {"is_unbound": unbound}
    removed = [cut.removes(stars, halo) for cut in CUTS if cut.step in _CUTS]
    inside = ~np.any(removed, axis=0)
    return {name: values[inside] for name, values in stars.items()}, true[:, inside]


def _places(rng: np.random.Generator, n_stars: int) -> dict[str, np.ndarray]:
    """Spread stars evenly in radius and unevenly over the quadrants of (l, b)."""
    quadrant = rng.choice(4, n_stars, p=_QUADRANT_SHARES)
    return {
        "r": rng.uniform(*_RADII_KPC, n_stars),
        "l": np.array([270.0, 90.0, 90.0, 270.0])[quadrant],
        "b": np.array([45.0, 45.0, -45.0, -45.0])[quadrant],
    }


def _errors(rng: np.random.Generator, r_kpc: np.ndarray) -> dict[str, np.ndarray]:
    """Make up error covariances that grow with radius and share a part with a random sign."""
    far = (r_kpc - _RADII_KPC[0]) / (_RADII_KPC[1] - _RADII_KPC[0])
    relative = _ERRORS[:, :1] + far * np.diff(_ERRORS)
    size = relative * np.sqrt(ellipsoid(r_kpc)) * 10 ** rng.normal(0, _ERROR_SCATTER, len(r_kpc))
    shared = size * np.sqrt(_SHARED) * rng.choice([-1.0, 1.0], size.shape)
    errors = {f"{name}_error": one for name, one in zip(COMPONENTS, size, strict=True)}
    crossed = {"cov_rphi": (0, 1), "cov_rtheta": (0, 2), "cov_phitheta": (1, 2)}
    return errors | {name: shared[i] * shared[j] for name, (i, j) in crossed.items()}


# --- observed halos --------------------------------------------------------------------------


def _observed(
    rng: np.random.Generator, n_stars: int, frame: Frame, potential, distance_error: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Observe a halo like the H3 survey and carry the errors through the kinematics."""
    share = rng.uniform(_BEYOND[-1], _BEYOND[0], n_stars)
    r = np.exp(np.interp(-np.log(share), -np.log(_BEYOND), np.log(_BEYOND_KPC)))
    upward, around = rng.uniform(-1, 1, n_stars), rng.uniform(0, 2 * np.pi, n_stars)
    across = np.sqrt(1 - upward**2)
    position = r * np.array([across * np.cos(around), across * np.sin(around), upward])
    true = ellipsoid(r)
    velocity = np.sqrt(true) * rng.standard_normal(true.shape)
    names = (*"xyz", *COMPONENTS)
    where = dict(zip(names, (*position, *velocity), strict=True)) | {"r": r}
    clean = _blurred(rng, _astrometry(position, cartesian_velocity(where), frame), distance_error)
    stars = galactocentric(clean, frame, potential)
    # Without the small tilt by the Sun's height
    stars["l"], stars["b"] = angles_deg(position - frame.origin_kpc[:, None])
    stars["l"] %= 360
    seen = np.abs(stars["b"]) > _MIN_ABS_B_DEG
    seen &= rng.random(n_stars) < (stars["r"] / _ALL_BEYOND_KPC) ** _THINNING
    return {name: values[seen] for name, values in stars.items()}, true[:, seen]


def _astrometry(position: np.ndarray, velocity: np.ndarray, frame: Frame) -> dict:
    """Turn Galactocentric positions and velocities into what a survey measures, exactly."""
    # einsum: the last digits of a matrix product depend on the number of stars.
    turn = frame.rotation.T
    x, y, z = np.einsum("ij,js->is", turn, position - frame.origin_kpc[:, None])
    u, v, w = np.einsum("ij,js->is", turn, velocity - frame.velocity_km_s[:, None])
    flat = np.hypot(x, y)
    distance = np.hypot(flat, z)
    per_pm = KM_S_PER_MAS_YR_KPC * distance
    outward = (x * u + y * v) / flat
    return {
        "ra": np.degrees(np.arctan2(y, x)) % 360,
        "dec": np.degrees(np.arctan2(z, flat)),
        "distance": distance,
        "rv": (flat * outward + z * w) / distance,
        "pmra": (x * v - y * u) / flat / per_pm,
        "pmdec": (w * flat - z * outward) / distance / per_pm,
    }


def _blurred(rng: np.random.Generator, exact: dict, distance_error: float) -> dict:
    """Add the survey's errors, and what the survey would say they are."""
    n_stars = len(exact["ra"])
    magnitude = rng.uniform(_MAGNITUDES[0], _MAGNITUDES[-1], n_stars)
    pmra_error = np.exp(np.interp(magnitude, _MAGNITUDES, np.log(_PM_ERRORS)))
    pmdec_error = _PMDEC_SHARE * pmra_error
    correlation = np.clip(rng.normal(0, _PM_CORR_SCATTER, n_stars), -0.9, 0.9)
    along, own, of_distance, of_rv = rng.standard_normal((4, n_stars))
    # Many sigma below the truth would be no distance.
    distance = exact["distance"] * np.maximum(1 + distance_error * of_distance, 0.2)
    beside = correlation * along + np.sqrt(1 - correlation**2) * own
    return exact | {
        "distance": distance,
        "distance_error": distance_error * distance,
        "rv": exact["rv"] + _RV_ERROR * of_rv,
        "rv_error": np.full(n_stars, _RV_ERROR),
        "pmra": exact["pmra"] + pmra_error * along,
        "pmra_error": pmra_error,
        "pmdec": exact["pmdec"] + pmdec_error * beside,
        "pmdec_error": pmdec_error,
        "pm_corr": correlation,
    }
