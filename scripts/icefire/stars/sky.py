"""Directions on the sky: unit vectors, Galactic coordinates, and the fields of a survey."""

from __future__ import annotations

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
        if self._named:
            names = stars["field"][inside]
        else:
            import healpy

            names = healpy.ang2pix(FOOTPRINT_NSIDE, ra_deg, dec_deg, lonlat=True)
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
