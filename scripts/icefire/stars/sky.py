"""Directions on the sky: unit vectors, Galactic coordinates, and the fields of a survey."""

import functools
import importlib.util
from pathlib import Path

import numpy as np

# Where a survey names no fields, its footprint is drawn from the pixels of this size (0.9 deg).
FOOTPRINT_NSIDE = 64


def unit_vectors(lon_deg: np.ndarray, lat_deg: np.ndarray) -> np.ndarray:
    """Turn N directions (deg) into unit vectors, 3 x N."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def angles_deg(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give longitude, from -180 to 180, and latitude (deg) of N vectors of any length, 3 x N."""
    x, y, z = vectors
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def galactic(ra_deg: np.ndarray, dec_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn ICRS into Galactic coordinates, degrees; longitude in [0, 360)."""
    from astropy.coordinates import SkyCoord

    direction = SkyCoord(ra_deg, dec_deg, unit="deg").galactic
    return direction.l.deg, direction.b.deg


def equatorial(l_deg: np.ndarray, b_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn Galactic coordinates into ICRS, degrees; NaN where there are none on the sphere."""
    from astropy.coordinates import SkyCoord

    inside = np.isfinite(l_deg) & (np.abs(b_deg) <= 90)
    direction = SkyCoord(l_deg[inside], b_deg[inside], unit="deg", frame="galactic").icrs
    found = np.full((2, len(l_deg)), np.nan)
    found[:, inside] = direction.ra.deg, direction.dec.deg
    return found[0], found[1]


def equatorial_motion(ra_deg, dec_deg, pml, pmb, pml_error, pmb_error, correlation):
    """Turn proper motions in l (times cos b) and b into those in ra (times cos dec) and dec.

    The basis turns by the angle between the two poles (Poleski 2013, arXiv:1306.2945), and errors
    with it. Gives pmra, pmdec, their errors and the correlation,
    in the units of the input.
    """
    pole_ra, pole_dec = equatorial(np.zeros(1), np.array([90.0]))
    distance = np.radians(ra_deg - pole_ra)
    dec, pole = np.radians(dec_deg), np.radians(pole_dec)
    cosine = np.sin(pole) * np.cos(dec) - np.cos(pole) * np.sin(dec) * np.cos(distance)
    sine = np.cos(pole) * np.sin(distance)
    length = np.hypot(cosine, sine)
    c, s = cosine / length, sine / length
    pmra, pmdec = c * pml - s * pmb, s * pml + c * pmb
    covariance = correlation * pml_error * pmb_error
    cross = 2 * c * s * covariance
    ra_error = np.sqrt((c * pml_error) ** 2 + (s * pmb_error) ** 2 - cross)
    dec_error = np.sqrt((s * pml_error) ** 2 + (c * pmb_error) ** 2 + cross)
    turned = c * s * (pml_error**2 - pmb_error**2) + (c**2 - s**2) * covariance
    with np.errstate(invalid="ignore", divide="ignore"):
        return pmra, pmdec, ra_error, dec_error, np.nan_to_num(turned / (ra_error * dec_error))


@functools.cache
def _healpy():
    """Load healpy's pixel functions alone: `import healpy` brings its plots, and takes 0.7 s."""
    package = importlib.util.find_spec("healpy").submodule_search_locations[0]
    (path,) = Path(package).glob("_healpy_pixel_lib.*")
    spec = importlib.util.spec_from_file_location("healpy._healpy_pixel_lib", path)
    library = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)
    return library


def pixels(nside: int, lon_deg: np.ndarray, lat_deg: np.ndarray) -> np.ndarray:
    """Give the HEALPix pixels, in RING order, of N directions (deg).

    Raises ValueError when a direction is none. Górski et al. 2005 (ApJ 622, 759).
    """
    if not (np.isfinite(lon_deg).all() and (np.abs(lat_deg) <= 90).all()):
        raise ValueError("a direction is not on the sphere")
    return _healpy()._ang2pix_ring(nside, np.pi / 2 - np.radians(lat_deg), np.radians(lon_deg))


def pixel_centres(nside: int) -> tuple[np.ndarray, np.ndarray]:
    """Give longitude and latitude (deg) of the centres of all HEALPix pixels, in RING order."""
    theta, phi = _healpy()._pix2ang_ring(nside, np.arange(12 * nside**2))
    return np.degrees(phi), 90 - np.degrees(theta)


def on_sphere(stars: dict) -> np.ndarray:
    """Tell which stars have a right ascension and a declination (deg) that exist."""
    return (stars["ra"] >= 0) & (stars["ra"] <= 360) & (np.abs(stars["dec"]) <= 90)


class Fields:
    """Mean direction and number of stars of every field, gathered block by block (figure 1).

    `named` tells whether the survey names its fields; if not, occupied HEALPix pixels stand for
    them.
    """

    def __init__(self, named: bool):
        self._named = named
        self._sums: dict = {}

    @property
    def kind(self) -> str:
        """What the fields are, in words."""
        if self._named:
            return "survey fields"
        return f"occupied HEALPix pixels, nside {FOOTPRINT_NSIDE}"

    def add(self, stars: dict[str, np.ndarray]) -> None:
        """Count the stars of one block; positions are in degrees."""
        inside = on_sphere(stars)
        ra_deg, dec_deg = stars["ra"][inside], stars["dec"][inside]
        named = self._named
        names = stars["field"][inside] if named else pixels(FOOTPRINT_NSIDE, ra_deg, dec_deg)
        fields, which = np.unique(names, return_inverse=True)
        parts = (*unit_vectors(ra_deg, dec_deg), np.ones(len(ra_deg)))
        sums = np.array([np.bincount(which, part, len(fields)) for part in parts]).T
        for field, total in zip(fields.tolist(), sums, strict=True):
            self._sums[field] = self._sums.get(field, 0.0) + total

    def table(self):
        """Give the fields in the order of their names, with Galactic coordinates in degrees."""
        from astropy.table import Table

        names = sorted(self._sums)
        sums = np.array([self._sums[name] for name in names]).reshape(-1, 4)
        l_deg, b_deg = galactic(*angles_deg(sums[:, :3].T))
        texts = [name.decode() if isinstance(name, bytes) else name for name in names]
        table = Table(
            {
                "l": l_deg.round(6),
                "b": b_deg.round(6),
                "n_stars": sums[:, 3].astype(int),
                # Last, because a line of a table that begins with # would be a comment
                "field": texts,
            }
        )
        table["l"].unit = table["b"].unit = "deg"
        return table
