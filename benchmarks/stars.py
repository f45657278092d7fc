"""A made-up halo for the benchmarks: as many stars as asked for, in the form the engine reads."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from icefire.files import star_tables
from icefire.files.columns import STAR_COLUMNS
from icefire.measure.recipes import COLUMNS

NEEDED = (*COLUMNS, "x", "y", "z", "r", "l", "b")
_ROWS = 200_000


def make(path: Path, n_stars: int, seed: int = 1) -> None:
    """Write `n_stars` stars with a profile like the survey's and correlated errors, in blocks."""
    rng = np.random.default_rng(seed)
    columns = {name: STAR_COLUMNS[name] for name in NEEDED}
    with star_tables.StarWriter(path, columns) as writer:
        for start in range(0, n_stars, _ROWS):
            writer.write(_block(rng, min(_ROWS, n_stars - start)))


def _block(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    # Around the Sun, as a survey sees the halo, and beyond 10 kpc from the centre
    distance = 2.0 + rng.gamma(2.0, 6.0, n)
    sine = rng.uniform(0.35, 1.0, n) * rng.choice([-1, 1], n, p=[0.3, 0.7])
    longitude = rng.uniform(0, 2 * np.pi, n)
    cosine = np.sqrt(1 - sine**2)
    x = distance * cosine * np.cos(longitude) - 8.1
    y = distance * cosine * np.sin(longitude)
    z = distance * sine
    r = np.sqrt(x**2 + y**2 + z**2)
    stars = {"x": x, "y": y, "z": z, "r": r}
    stars |= {"l": np.degrees(longitude), "b": np.degrees(np.arcsin(sine))}
    errors = np.column_stack([np.full(n, 2.0), 0.5 * distance, 0.5 * distance])
    for i, (name, sigma) in enumerate(zip(COLUMNS[:3], (130.0, 75.0, 75.0), strict=True)):
        stars[name] = rng.normal(0.0, sigma, n)
        stars[f"{name}_error"] = errors[:, i]
    for name, (i, j) in zip(COLUMNS[6:], ((0, 1), (0, 2), (1, 2)), strict=True):
        stars[name] = 0.3 * errors[:, i] * errors[:, j]
    return stars
