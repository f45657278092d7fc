"""Galactocentric positions and velocities, with the full covariance of the velocity errors.

The frame is astropy's Galactocentric (right-handed, the Sun at negative x); spherical velocities
are v_r outward, v_phi along increasing longitude (a disc star's is negative) and v_theta toward
+z. Errors of distance, radial velocity and the correlated proper motions are carried to first
order. The transformation is written out here, checked star by star against astropy in the tests,
because its derivatives are needed as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from icefire import cli

FRAME = cli.Section(
    "frame",
    {
        "galcen_distance_kpc": cli.positive,
        "sun_height_pc": cli.finite,
        "sun_velocity_km_s": cli.triple,
    },
)

# km/s of a star at 1 kpc that moves 1 mas/yr
KM_S_PER_MAS_YR_KPC = (1 * u.kpc * u.mas / u.yr).to_value(
    u.km / u.s, equivalencies=u.dimensionless_angles()
)


@dataclass(frozen=True)
class Frame:
    """The Sun's place and motion: from ICRS, x_gal = rotation @ x + origin.

    Attributes
    ----------
    rotation
        3 x 3, from ICRS to Galactocentric axes.
    origin_kpc
        The Sun's position, 3 values.
    velocity_km_s
        The Sun's velocity, 3 values.
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
    from astropy.coordinates import (
        ICRS,
        CartesianDifferential,
        CartesianRepresentation,
        Galactocentric,
        galactocentric_frame_defaults,
    )

    with galactocentric_frame_defaults.set("v4.0"):
        galactocentric = Galactocentric(
            galcen_distance=galcen_distance_kpc * u.kpc,
            z_sun=sun_height_pc * u.pc,
            galcen_v_sun=CartesianDifferential(*sun_velocity_km_s, unit=u.km / u.s),
        )
    # The Sun, and one point along each axis: what the transformation does to them is all there is.
    points = np.column_stack([np.zeros(3), np.eye(3)])
    icrs = ICRS(CartesianRepresentation(points * u.kpc))
    moved = icrs.transform_to(galactocentric).cartesian.xyz.to_value(u.kpc)
    return Frame(
        rotation=moved[:, 1:] - moved[:, :1],
        origin_kpc=moved[:, 0],
        velocity_km_s=np.asarray(sun_velocity_km_s, float),
    )


def galactocentric(stars: dict[str, np.ndarray], frame: Frame) -> dict[str, np.ndarray]:
    """Compute positions, spherical velocities, their error covariance and angular momenta.

    Parameters
    ----------
    stars
        Columns `ra dec` (deg), `distance distance_error` (kpc), `rv rv_error` (km/s), `pmra pmdec`
        with `_error` (mas/yr) and `pm_corr`, each of N stars.
    frame
        The Galactocentric frame.

    Returns
    -------
    dict
        `x y z r` (kpc), `v_r v_phi v_theta` with `_error` (km/s), `cov_rphi cov_rtheta
        cov_phitheta` (km2/s2) and `lx ly lz` (kpc km/s), each of N stars.
    """
    ra, dec = np.radians(stars["ra"]), np.radians(stars["dec"])
    sin_ra, cos_ra, sin_dec, cos_dec = np.sin(ra), np.cos(ra), np.sin(dec), np.cos(dec)
    zero = np.zeros_like(ra)
    # Unit vectors away from the Sun and along increasing ra and dec, in Galactocentric axes
    away = _rotate(frame, cos_dec * cos_ra, cos_dec * sin_ra, sin_dec)
    east = _rotate(frame, -sin_ra, cos_ra, zero)
    north = _rotate(frame, -sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec)

    distance = stars["distance"]
    per_pm = KM_S_PER_MAS_YR_KPC * distance
    # Tangential velocity per distance: also the derivative of the velocity by distance
    shear = KM_S_PER_MAS_YR_KPC * (stars["pmra"] * east + stars["pmdec"] * north)
    position = distance * away + frame.origin_kpc[:, None]
    velocity = stars["rv"] * away + distance * shear + frame.velocity_km_s[:, None]

    x, y, z = position
    r = np.sqrt(x**2 + y**2 + z**2)
    basis, turning = _spherical_basis(position, r, away)
    components = [_dot(unit, velocity) for unit in basis]

    # Rows of the Jacobian of (v_r, v_phi, v_theta) by (distance, rv, pmra, pmdec)
    jacobian = [
        (
            _dot(unit, shear) + _dot(turn, velocity),
            _dot(unit, away),
            _dot(unit, east) * per_pm,
            _dot(unit, north) * per_pm,
        )
        for unit, turn in zip(basis, turning, strict=True)
    ]
    variances = [stars[f"{name}_error"] ** 2 for name in ("distance", "rv", "pmra", "pmdec")]
    cross = stars["pm_corr"] * stars["pmra_error"] * stars["pmdec_error"]

    def covariance(i: int, j: int) -> np.ndarray:
        a, b = jacobian[i], jacobian[j]
        total = sum(a[k] * b[k] * variances[k] for k in range(4))
        return total + (a[2] * b[3] + a[3] * b[2]) * cross

    lx, ly, lz = np.cross(position, velocity, axis=0)
    return {
        "x": x,
        "y": y,
        "z": z,
        "r": r,
        "v_r": components[0],
        "v_phi": components[1],
        "v_theta": components[2],
        "v_r_error": np.sqrt(covariance(0, 0)),
        "v_phi_error": np.sqrt(covariance(1, 1)),
        "v_theta_error": np.sqrt(covariance(2, 2)),
        "cov_rphi": covariance(0, 1),
        "cov_rtheta": covariance(0, 2),
        "cov_phitheta": covariance(1, 2),
        "lx": lx,
        "ly": ly,
        "lz": lz,
    }


def cartesian_velocity(stars: dict[str, np.ndarray]) -> np.ndarray:
    """Turn `v_r v_phi v_theta` at `x y z` back into Cartesian velocities, 3 x N, km/s."""
    position = np.array([stars["x"], stars["y"], stars["z"]])
    basis, _ = _spherical_basis(position, stars["r"], np.zeros_like(position))
    return sum(
        stars[name] * unit for name, unit in zip(("v_r", "v_phi", "v_theta"), basis, strict=True)
    )


def _rotate(frame: Frame, x, y, z) -> np.ndarray:
    # Written out, not as a matrix product, whose last digits depend on the number of stars
    return np.array([row[0] * x + row[1] * y + row[2] * z for row in frame.rotation])


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _spherical_basis(position: np.ndarray, r: np.ndarray, step: np.ndarray):
    """Give the unit vectors of v_r, v_phi, v_theta, and how they turn per kpc along `step`."""
    x, y, z = position
    rho = np.hypot(x, y)
    zero = np.zeros_like(x)
    outward = position / r
    cos_phi, sin_phi = x / rho, y / rho
    cos_lat, sin_lat = rho / r, z / r
    along = np.array([-sin_phi, cos_phi, zero])
    upward = np.array([-sin_lat * cos_phi, -sin_lat * sin_phi, cos_lat])

    d_phi = _dot(along, step) / rho
    d_lat = _dot(upward, step) / r
    inward = np.array([-cos_phi, -sin_phi, zero])
    turning = (
        d_phi * cos_lat * along + d_lat * upward,
        d_phi * inward,
        -d_lat * outward - d_phi * sin_lat * along,
    )
    return (outward, along, upward), turning
