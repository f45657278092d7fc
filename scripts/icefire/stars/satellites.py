"""Members of catalogued dwarf galaxies and globular clusters."""

import os

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files.text_tables import read_ecsv
from icefire.stars.kinematics import KM_S_PER_MAS_YR_KPC
from icefire.stars.sky import unit_vectors

SATELLITES = cli.Section(
    "satellites", {"min_radius_deg": cli.not_negative, "max_sigma": cli.positive}
)

_MEASURED = ("distance", "rv", "pmra", "pmdec")
_NUMBERS = ("ra", "dec", "radius", "sigma_v", *_MEASURED, *(f"{name}_error" for name in _MEASURED))


def read_satellites(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the catalogue of satellites: one array per column, degrees, kpc, km/s and mas/yr.

    An unknown error, dispersion or radius counts as zero. Raises UserError naming file, column and
    satellite when a position, distance, velocity or proper motion is missing.
    """
    table = read_ecsv(path, _NUMBERS, ("name",))
    found = {"name": np.asarray(table["name"], dtype=str)}
    for column in _NUMBERS:
        values = table[column]
        values = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
        unknown = ~np.isfinite(values)
        if column.endswith("_error") or column in ("sigma_v", "radius"):
            values = np.where(unknown, 0.0, values)
        elif unknown.any():
            name = found["name"][unknown.argmax()]
            raise UserError(f"{path}: {name} has no {column}; fill it in or remove the row")
        if column == "distance" and (values <= 0).any():
            name = found["name"][(values <= 0).argmax()]
            raise UserError(f"{path}: {name} has a distance of zero or less")
        found[column] = values
    return found


def is_member(
    stars: dict[str, np.ndarray],
    satellites: dict[str, np.ndarray],
    min_radius_deg: float,
    max_sigma: float,
) -> np.ndarray:
    """Tell which of N stars belong to a satellite (our recipe; the paper names none).

    A member lies within the larger of the satellite's radius and `min_radius_deg` on the sky, and
    its distance, radial velocity and both proper motions each agree with the satellite's within
    `max_sigma` of the errors of star and satellite and the satellite's own dispersion, added in
    quadrature. Columns are those of the clean table. Returns N booleans.
    """
    member = np.zeros(len(stars["ra"]), bool)
    star = unit_vectors(stars["ra"], stars["dec"])
    centre = unit_vectors(satellites["ra"], satellites["dec"])
    radius = np.radians(np.maximum(satellites["radius"], min_radius_deg))
    for i in range(len(radius)):
        # Chord instead of angle: exact near zero, where an arc cosine is not
        chord = sum((star[k] - centre[k][i]) ** 2 for k in range(3))
        (near,) = np.nonzero(chord <= (2 * np.sin(min(radius[i], np.pi) / 2)) ** 2)
        if near.size == 0:
            continue
        dispersion = satellites["sigma_v"][i]
        pm_dispersion = dispersion / (KM_S_PER_MAS_YR_KPC * satellites["distance"][i])
        own = {"distance": 0.0, "rv": dispersion, "pmra": pm_dispersion, "pmdec": pm_dispersion}
        agrees = np.ones(near.size, bool)
        for name, spread in own.items():
            variance = (
                stars[f"{name}_error"][near] ** 2 + satellites[f"{name}_error"][i] ** 2 + spread**2
            )
            offset = stars[name][near] - satellites[name][i]
            agrees &= offset**2 <= max_sigma**2 * variance
        member[near[agrees]] = True
    return member
