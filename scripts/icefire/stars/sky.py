"""Directions on the sky: unit vectors, Galactic coordinates, and the fields of a survey."""

import math

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


def pixels(nside: int, lon_deg: np.ndarray, lat_deg: np.ndarray) -> np.ndarray:
    """Give the HEALPix pixels, in RING order, of N directions (deg): healpy's, without its plots.

    Raises ValueError when a direction is none. Górski et al. 2005 (ApJ 622, 759), section 5.
    """
    if not (np.isfinite(lon_deg).all() and (np.abs(lat_deg) <= 90).all()):
        raise ValueError("a direction is not on the sphere")
    theta = np.pi / 2 - np.radians(lat_deg)
    z, turn = np.cos(theta), np.mod(np.radians(lon_deg) * (2 / np.pi), 4.0)
    # Between the caps: lines that go up and down from west to east
    middle, slope = nside * (0.5 + turn), nside * z * 0.75
    up, down = (middle - slope).astype(np.int64), (middle + slope).astype(np.int64)
    ring = nside + 1 + up - down
    place = (up + down - nside + 2 - ring % 2) // 2 % (4 * nside)
    between = 2 * nside * (nside - 1) + (ring - 1) * 4 * nside + place
    # In the caps, rings counted from the pole; near it 1 - |z| has lost its digits.
    height = np.abs(z)
    near = np.sin(theta) / np.sqrt((1 + height) / 3)
    width = nside * np.where(height < 0.99, np.sqrt(3 * (1 - height)), near)
    part = np.mod(turn, 1.0)
    ring = (part * width).astype(np.int64) + ((1 - part) * width).astype(np.int64) + 1
    place = (turn * ring).astype(np.int64)
    north, south = 2 * ring * (ring - 1) + place, 12 * nside**2 - 2 * ring * (ring + 1) + place
    return np.where(height <= 2 / 3, between, np.where(z > 0, north, south))


def pixel_centres(nside: int) -> tuple[np.ndarray, np.ndarray]:
    """Give longitude and latitude (deg) of the centres of all HEALPix pixels, in RING order."""
    unit = 4 / (12 * nside**2)
    rings = np.arange(1, 4 * nside)
    from_pole = np.minimum(rings, 4 * nside - rings)
    cap = from_pole < nside
    away = from_pole**2 * unit
    z = np.where(cap, 1 - away, (2 * nside - from_pole) * (2 * nside * unit))
    z = np.where(rings > 2 * nside, -z, z)
    across = np.sqrt(away * np.abs(2 - away))
    # The same on every processor, which numpy's are not
    theta = [
        math.atan2(off, up) if abs(up) > 0.99 else math.acos(up)
        for off, up in zip(across, z, strict=True)
    ]
    lat_deg = 90 - np.degrees(theta)
    first = np.where(cap | ((rings + nside) % 2 == 0), 0.5, 0.0)
    counts = 4 * np.minimum(from_pole, nside)
    place = np.arange(12 * nside**2) - np.repeat(np.cumsum(counts) - counts, counts)
    first, cap, from_pole, lat_deg = (
        np.repeat(of_ring, counts) for of_ring in (first, cap, from_pole, lat_deg)
    )
    place = place + first
    between = place * np.pi * 0.75 * (2 * nside * unit)
    return np.degrees(np.where(cap, place * (np.pi / 2) / from_pole, between)), lat_deg


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
