"""Galactocentric positions, velocities and energies, with the covariance of their errors.

The frame is astropy's Galactocentric (right-handed, the Sun at negative x); spherical velocities
are v_r outward, v_phi along increasing longitude (a disc star's is negative) and v_theta toward
+z. At a fixed distance velocities are linear in the radial velocity and the proper motions, so
their errors are exact there; what a wrong distance does is integrated over nodes of its own
Gaussian. The transformation is written out here, checked star by star against astropy in the tests,
because it is needed at every node.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from icefire import cli
from icefire.stars import orbits

FRAME = cli.Section(
    "frame",
    {
        "galcen_distance_kpc": cli.positive,
        "sun_height_pc": cli.finite,
        "sun_velocity_km_s": cli.triple,
    },
)

# km/s of a star at 1 kpc that moves 1 mas/yr
KM_S_PER_MAS_YR_KPC = 4.740470463533349
COMPONENTS = ("v_r", "v_phi", "v_theta")
_CROSS = {"cov_rphi": (0, 1), "cov_rtheta": (0, 2), "cov_phitheta": (1, 2)}
# Stars worked on together: keeps them in the processor's cache, changes no result.
_STARS_AT_ONCE = 4096
# Where nothing within _NEAR standard errors of the distance turns the axes of the components, five
# Gauss-Hermite nodes give errors to 1 %, and the errors at a fixed distance need the inner three of
# them, weighted for the same variance. Energies are nearly parabolas: three nodes do.
_NEAR = 5.0
_NODES = (
    (0.0, 1.355626179974266, -1.355626179974266, 2.856970013872806, -2.856970013872806),
    (8 / 15, 0.2220759220056126, 0.2220759220056126, 0.0112574113277207, 0.0112574113277207),
    (0.4558481559887748, 0.2720759220056126, 0.2720759220056126, 0.0, 0.0),
)
_ENERGY_NODES = ((0.0, 3**0.5, -(3**0.5)), (2 / 3, 1 / 6, 1 / 6))
# Elsewhere so many nodes within so many standard errors, dense where the line of sight passes the
# z axis, to a distance (in standard errors) below which the turn is as good as sudden
_DENSE_NODES, _DENSE_REACH, _SUDDEN = 65, 5.5, 1e-7


@dataclass(frozen=True)
class Frame:
    """The Sun's place and motion: from ICRS, x_gal = rotation @ x + origin.

    Attributes:
        rotation: 3 x 3, from ICRS to Galactocentric axes.
        origin_kpc: The Sun's position, 3 values.
        velocity_km_s: The Sun's velocity, 3 values.
    """

    rotation: np.ndarray
    origin_kpc: np.ndarray
    velocity_km_s: np.ndarray


def frame(
    galcen_distance_kpc: float, sun_height_pc: float, sun_velocity_km_s: tuple[float, float, float]
) -> Frame:
    """Build the frame from the distance to the centre, the Sun's height and its velocity.

    With 8.122 kpc, 20.8 pc and (12.9, 245.6, 7.78) km/s it is astropy's default "v4.0"
    (GRAVITY Collaboration 2018; Bennett & Bovy 2019; Drimmel & Poggio 2018).
    """
    import astropy.coordinates as c
    from astropy import units as u

    with c.galactocentric_frame_defaults.set("v4.0"):
        galactocentric = c.Galactocentric(
            galcen_distance=galcen_distance_kpc * u.kpc,
            z_sun=sun_height_pc * u.pc,
            galcen_v_sun=c.CartesianDifferential(*sun_velocity_km_s, unit=u.km / u.s),
        )
    # The Sun, and one point along each axis: what the transformation does to them is all there is.
    points = np.column_stack([np.zeros(3), np.eye(3)])
    icrs = c.ICRS(c.CartesianRepresentation(points * u.kpc))
    moved = icrs.transform_to(galactocentric).cartesian.xyz.to_value(u.kpc)
    return Frame(
        rotation=moved[:, 1:] - moved[:, :1],
        origin_kpc=moved[:, 0],
        velocity_km_s=np.asarray(sun_velocity_km_s, float),
    )


def galactocentric(
    stars: dict[str, np.ndarray], frame: Frame, potential=None
) -> dict[str, np.ndarray]:
    """Compute positions, spherical velocities, their error covariance and angular momenta.

    Values are those at the catalogued distance. The covariance is that of the components along
    each possible place's own axes, sum of w_k (C_k + (v_k - v) (v_k - v)^T) over the distances of
    the nodes that are positive, with the mean v of the v_k.

    Parameters:
        stars: Columns `ra dec` (deg), `distance distance_error` (kpc), `rv rv_error` (km/s), `pmra
            pmdec` with `_error` (mas/yr) and `pm_corr`, each of N stars.
        frame: The Galactocentric frame.
        potential: One of `orbits.potential`, for the energies.

    Returns: `x y z r` (kpc), `v_r v_phi v_theta` with `_error` (km/s), `cov_rphi cov_rtheta
        cov_phitheta` (km2/s2) and `lx ly lz` (kpc km/s), each of N stars; with a potential, also
        `energy energy_error` (km2/s2).
    """
    n_stars = len(stars["ra"])
    found: dict[str, np.ndarray] = {}
    for start in range(0, max(n_stars, 1), _STARS_AT_ONCE):
        part = slice(start, start + _STARS_AT_ONCE)
        sight = _Sight({name: values[part] for name, values in stars.items()}, frame)
        for name, values in _derived(sight, frame, potential is not None).items():
            if name not in found:
                found[name] = np.empty((*values.shape[:-1], n_stars))
            found[name][..., part] = values
    _resolve(found, stars, frame)
    if potential is not None:
        away, kinetic = found.pop("away"), found.pop("kinetic")
        position, velocity = np.array([found[name] for name in "xyz"]), found.pop("velocity")
        depth = orbits.depth(potential, position)
        found["energy"] = depth + 0.5 * _dot(velocity, velocity)
        total, first, second = 0.0, 0.0, kinetic[0]
        for moved, (at, weight) in zip(
            kinetic[1:],
            _nodes(stars["distance"], stars["distance_error"], *_ENERGY_NODES),
            strict=True,
        ):
            off = moved
            if at is not stars["distance"]:
                place = position + (at - stars["distance"]) * away
                off = moved + orbits.depth(potential, place) - depth
            total, first, second = total + weight, first + weight * off, second + weight * off**2
        found["energy_error"] = np.sqrt(np.maximum(second - first**2 / total, 0) / total)
    return found


class _Sight:
    """Stars along their lines of sight: vectors by their parts away from the Sun, east and north.

    Attributes:
        axes: The three unit vectors, in Galactocentric axes.
        sun, motion, pole: The Sun's place (kpc) and velocity (km/s) and the z axis, by parts.
        transverse: Velocity east and north per distance, km/s/kpc: also the derivative by distance.
        blur: Errors of (v_east, v_north) per distance: a_east, a_north and b_north of two
            independent unit deviates a and b, km/s/kpc.
    """

    def __init__(self, stars: dict[str, np.ndarray], frame: Frame):
        self.stars = stars
        ra, dec = np.radians(stars["ra"]), np.radians(stars["dec"])
        sin_ra, cos_ra, sin_dec, cos_dec = np.sin(ra), np.cos(ra), np.sin(dec), np.cos(dec)
        self.axes = (
            _rotate(frame, cos_dec * cos_ra, cos_dec * sin_ra, sin_dec),
            _rotate(frame, -sin_ra, cos_ra, np.zeros_like(ra)),
            _rotate(frame, -sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec),
        )
        self.sun = [_dot(frame.origin_kpc, axis) for axis in self.axes]
        self.motion = [_dot(frame.velocity_km_s, axis) for axis in self.axes]
        self.pole = [axis[2] for axis in self.axes]
        self.transverse = [KM_S_PER_MAS_YR_KPC * stars[name] for name in ("pmra", "pmdec")]
        east, north = (KM_S_PER_MAS_YR_KPC * stars[f"{name}_error"] for name in ("pmra", "pmdec"))
        rho = stars["pm_corr"]
        self.blur = (east, rho * north, np.sqrt(np.maximum(1 - rho**2, 0)) * north)

    def velocity(self, distance: np.ndarray) -> list[np.ndarray]:
        """Give the Galactocentric velocity by parts, were the stars at this distance."""
        away, east, north = self.motion
        return [
            self.stars["rv"] + away,
            distance * self.transverse[0] + east,
            distance * self.transverse[1] + north,
        ]

    def basis(self, distance: np.ndarray) -> tuple[tuple, np.ndarray, np.ndarray]:
        """Give unit vectors of v_r, v_phi, v_theta by parts, r and distance to the z axis."""
        place = (distance + self.sun[0], self.sun[1], self.sun[2])
        r = np.sqrt(_dot(place, place))
        outward = [part / r for part in place]
        around = _cross(self.pole, place)
        rho = np.sqrt(_dot(around, around))
        along = [part / rho for part in around]
        return (outward, along, _cross(outward, along)), r, rho


def _derived(sight: _Sight, frame: Frame, energies: bool) -> dict[str, np.ndarray]:
    """Compute the columns of some stars; for energies `velocity`, `away` and `kinetic` too."""
    distance, error = sight.stars["distance"], sight.stars["distance_error"]
    basis, r, rho = sight.basis(distance)
    parts = sight.velocity(distance)
    position = distance * sight.axes[0] + frame.origin_kpc[:, None]
    velocity = sum(part * axis for part, axis in zip(parts, sight.axes, strict=True))
    spin = _cross(position, velocity)
    found = dict(zip(("x", "y", "z", "r"), (*position, r), strict=True))
    found |= {name: _dot(axis, parts) for name, axis in zip(COMPONENTS, basis, strict=True)}

    # Off the place, real or complex, where the axes turn at once: on the z axis, or at the centre
    found["turn"] = np.minimum(rho / np.sqrt(_level(sight)), r)
    centre = np.array([found[name] for name in COMPONENTS])
    found |= _errors(_second_moments(sight, centre, _nodes(distance, error, *_NODES)))
    found |= dict(zip(("lx", "ly", "lz"), spin, strict=True))
    if energies:
        found |= {"velocity": velocity, "away": sight.axes[0], "kinetic": _kinetic_moments(sight)}
    return found


def _resolve(found: dict[str, np.ndarray], stars: dict[str, np.ndarray], frame: Frame) -> None:
    """Integrate anew, with dense nodes, the errors of the few stars whose axes turn within them."""
    near = np.flatnonzero(found.pop("turn") < _NEAR * stars["distance_error"])
    for start in range(0, len(near), _STARS_AT_ONCE):
        some = near[start : start + _STARS_AT_ONCE]
        sight = _Sight({name: values[some] for name, values in stars.items()}, frame)
        centre = np.array([found[name][some] for name in COMPONENTS])
        for name, values in _errors(_second_moments(sight, centre, _dense_nodes(sight))).items():
            found[name][some] = values


def _errors(second: np.ndarray) -> dict[str, np.ndarray]:
    """Name the six columns of the errors."""
    size = np.sqrt(np.maximum(second[:3], 0))
    errors = {f"{name}_error": part for name, part in zip(COMPONENTS, size, strict=True)}
    return errors | dict(zip(_CROSS, second[3:], strict=True))


def _level(sight: _Sight) -> np.ndarray:
    """Give the squared cosine of the angle between line of sight and Galactic plane."""
    return sight.pole[1] ** 2 + sight.pole[2] ** 2


def _nodes(distance: np.ndarray, error: np.ndarray, places: tuple, *weights: tuple) -> Iterator:
    """Give distances (kpc) and weights of nodes at places in errors; none where not positive."""
    for place, *given in zip(places, *weights, strict=True):
        at = distance + place * error if place else distance
        inside = at > 0
        if not inside.all():
            at = np.where(inside, at, distance)
            given = [np.where(inside, weight, 0.0) for weight in given]
        yield at, *given


def _dense_nodes(sight: _Sight) -> Iterator[tuple]:
    """Give distances and weights of nodes that crowd where the line of sight passes the z axis.

    There, at d0, the azimuth turns within a length b. In t = asinh((d - d0) / b) it turns evenly,
    and the midpoint rule converges fast.
    """
    distance, error = sight.stars["distance"], sight.stars["distance_error"]
    level, (away, east, north), pole = _level(sight), sight.sun, sight.pole
    across = east * pole[1] + north * pole[2]
    passing = pole[0] * across / level - away
    # From the axis to the line of sight, over the cosine of the line's angle to the plane
    shortest = np.abs(east * pole[2] - north * pole[1]) / level
    width = np.maximum(shortest, _SUDDEN * np.maximum(error, _SUDDEN))
    low, high = (
        np.arcsinh((np.maximum(distance + side * error, 0) - passing) / width)
        for side in (-_DENSE_REACH, _DENSE_REACH)
    )
    for k in range(_DENSE_NODES):
        t = low + (high - low) * ((k + 0.5) / _DENSE_NODES)
        at = passing + width * np.sinh(t)
        weight = np.exp(-0.5 * ((at - distance) / error) ** 2) * np.cosh(t)
        weight = np.where(at > 0, weight, 0.0)
        yield np.where(at > 0, at, distance), weight, weight


def _second_moments(sight: _Sight, centre: np.ndarray, nodes: Iterator[tuple]) -> np.ndarray:
    """Integrate the covariance of the components, 6 x N: three variances, then as in _CROSS."""
    pairs = ((0, 0), (1, 1), (2, 2), *_CROSS.values())
    rv_error, (a_east, a_north, b_north) = sight.stars["rv_error"], sight.blur
    total, blurred = 0.0, 0.0
    first, second, third = (np.zeros((k, centre.shape[1])) for k in (3, 6, 6))
    for distance, weight, of_blur in nodes:
        basis, _, _ = sight.basis(distance)
        total, blurred = total + weight, blurred + of_blur
        # At the catalogued distance nothing is off.
        if distance is not sight.stars["distance"]:
            velocity = sight.velocity(distance)
            off = [_dot(axis, velocity) - here for axis, here in zip(basis, centre, strict=True)]
            weighted = [weight * part for part in off]
            for moment, part in zip(first, weighted, strict=True):
                moment += part
            for moment, (i, j) in zip(second, pairs, strict=True):
                moment += weighted[i] * off[j]
        if np.ndim(of_blur) == 0 and not of_blur:
            continue
        blur = [
            (
                rv_error * away,
                distance * (a_east * east + a_north * north),
                distance * b_north * north,
            )
            for away, east, north in basis
        ]
        for moment, (i, j) in zip(third, pairs, strict=True):
            moment += of_blur * _dot(blur[i], blur[j])
    first /= total
    second /= total
    second += third / blurred
    for moment, (i, j) in zip(second, pairs, strict=True):
        moment -= first[i] * first[j]
    return second


def _kinetic_moments(sight: _Sight) -> np.ndarray:
    """Compute moments of the kinetic energy's error at the nodes of the distance, 4 x N.

    Its variance at a fixed distance, summed with the nodes' weights (km4/s4), and its mean at each
    node less the measured energy (km2/s2).
    """
    distance, error = sight.stars["distance"], sight.stars["distance_error"]
    of_rv, (a_east, a_north, b_north) = sight.stars["rv_error"] ** 2, sight.blur
    east, north, both = a_east**2, a_north**2 + b_north**2, a_east * a_north
    velocity = sight.velocity(distance)
    measured = _dot(velocity, velocity)
    blurred, means = 0.0, []
    for at, weight in _nodes(distance, error, *_ENERGY_NODES):
        velocity, square = sight.velocity(at), at**2
        means.append(0.5 * (_dot(velocity, velocity) - measured + of_rv + square * (east + north)))
        blurred = blurred + weight * (
            of_rv * velocity[0] ** 2
            + square * (a_east * velocity[1] + a_north * velocity[2]) ** 2
            + square * (b_north * velocity[2]) ** 2
            + 0.5 * (of_rv**2 + square**2 * (east**2 + north**2 + 2 * both**2))
        )
    return np.array([blurred, *means])


def cartesian_velocity(stars: dict[str, np.ndarray]) -> np.ndarray:
    """Turn `v_r v_phi v_theta` at `x y z` back into Cartesian velocities, 3 x N, km/s."""
    position = np.array([stars["x"], stars["y"], stars["z"]])
    outward = position / stars["r"]
    rho = np.hypot(position[0], position[1])
    along = np.array([-position[1] / rho, position[0] / rho, np.zeros_like(rho)])
    basis = (outward, along, np.array(_cross(outward, along)))
    return sum(stars[name] * unit for name, unit in zip(COMPONENTS, basis, strict=True))


def _rotate(frame: Frame, x, y, z) -> np.ndarray:
    # Written out, not as a matrix product, whose last digits depend on the number of stars
    return np.array([row[0] * x + row[1] * y + row[2] * z for row in frame.rotation])


def _cross(a, b) -> list[np.ndarray]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _dot(a, b) -> np.ndarray:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
