"""Random realisations of a sample: which weight each star gets, and which velocity.

Every realisation has a random stream of its own, made from the seed, the sample and the
realisation's number, and takes from it block after block of stars. So a realisation is the same in
whatever shard or order it is drawn, and beside whichever others, as long as the blocks are.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np

COMPONENTS = ("v_r", "v_phi", "v_theta")
COLUMNS = (
    *COMPONENTS,
    "v_r_error",
    "v_phi_error",
    "v_theta_error",
    "cov_rphi",
    "cov_rtheta",
    "cov_phitheta",
)


class Recipe(Protocol):
    """How uncertainties are estimated.

    Attributes
    ----------
    subtract_errors
        Whether measurement variance is taken off the dispersions afterwards.
    """

    subtract_errors: bool

    def start(self, seed: int, sample: str, numbers: Sequence[int], n_stars: int) -> list:
        """Open the streams of realisations `numbers` of a sample of `n_stars` stars."""

    def prepare(self, stars: dict[str, np.ndarray], about: np.ndarray) -> dict[str, np.ndarray]:
        """Reduce one block of stars to what `draw` needs; velocities are taken less `about`."""

    def draw(self, streams: list, block: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Give weights (N x G) and velocities less `about` (3 x N x G, or 3 x N x 1 if all
        realisations share them, km/s) of the N stars of the next block in G realisations, in
        single precision."""


def stream(seed: int, sample: str, number: int) -> np.random.Generator:
    """Open the random stream of one realisation of one sample."""
    key = (zlib.crc32(sample.encode()), number)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


class Han2024:
    """The paper's recipe (section 2): velocities drawn from their errors, some stars left out.

    In each realisation exactly floor(exclude_fraction N) of the sample's N stars, picked without
    replacement, get no weight. Velocities follow the full error covariance, or its diagonal only
    when `correlated` is false.
    """

    subtract_errors = False

    def __init__(self, exclude_fraction: float, correlated: bool):
        self._fraction = exclude_fraction
        self._correlated = correlated

    def start(self, seed: int, sample: str, numbers: Sequence[int], n_stars: int) -> list:
        n_excluded = int(np.floor(self._fraction * n_stars))
        return [_Draws(stream(seed, sample, n), n_excluded, n_stars) for n in numbers]

    def prepare(self, stars: dict[str, np.ndarray], about: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "velocity": _velocity(stars, about),
            "root": cholesky(stars, self._correlated).astype(np.float32)[..., None],
        }

    def draw(self, streams: list, block: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        velocity, root = block["velocity"], block["root"]
        n_stars = velocity.shape[1]
        weights = np.ones((n_stars, len(streams)), np.float32)
        normals = np.empty((len(streams), 3, n_stars))
        for i, one in enumerate(streams):
            weights[one.excluded(n_stars), i] = 0
            one.generator.standard_normal(out=normals[i])
        # Stars first, realisations last: as the sums want them
        noise = np.empty((3, n_stars, len(streams)), np.float32)
        noise[...] = normals.transpose(1, 2, 0)
        velocities = root[(0, 1, 2), (0, 1, 2)] * noise
        velocities += velocity
        if self._correlated:
            for i, j in ((1, 0), (2, 0), (2, 1)):
                velocities[i] += root[i, j] * noise[j]
        return weights, velocities


class _Draws:
    """One realisation's stream, and how many stars it has yet to leave out of how many."""

    def __init__(self, generator: np.random.Generator, n_excluded: int, n_stars: int):
        self.generator = generator
        self._to_exclude = n_excluded
        self._to_come = n_stars

    def excluded(self, n_stars: int) -> np.ndarray:
        """Pick which of the next stars to leave out, keeping the total over all blocks exact."""
        others = self._to_come - self._to_exclude
        count = int(self.generator.hypergeometric(self._to_exclude, others, n_stars))
        self._to_exclude -= count
        self._to_come -= n_stars
        return self.generator.choice(n_stars, count, replace=False, shuffle=False)


class Bootstrap:
    """Poisson(1) bootstrap: a random weight per star, measured velocities, error variance off.

    Each star's weight is drawn on its own, which is what lets stars be streamed.
    """

    subtract_errors = True

    def start(self, seed: int, sample: str, numbers: Sequence[int], n_stars: int) -> list:
        return [stream(seed, sample, number) for number in numbers]

    def prepare(self, stars: dict[str, np.ndarray], about: np.ndarray) -> dict[str, np.ndarray]:
        return {"velocity": _velocity(stars, about)}

    def draw(self, streams: list, block: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        velocity = block["velocity"]
        weights = np.empty((velocity.shape[1], len(streams)), np.float32)
        for i, one in enumerate(streams):
            weights[:, i] = one.poisson(1.0, velocity.shape[1])
        return weights, velocity


def _velocity(stars: dict[str, np.ndarray], about: np.ndarray) -> np.ndarray:
    """Stack the velocities less `about`, 3 x N x 1; subtracted before precision is given up."""
    relative = [stars[name] - mean for name, mean in zip(COMPONENTS, about, strict=True)]
    return np.array(relative, np.float32)[..., None]


def recipe(method: str, exclude_fraction: float, correlated: bool) -> Recipe:
    """Make the recipe that the configuration names: `han2024` or `bootstrap`."""
    return {
        "han2024": lambda: Han2024(exclude_fraction, correlated),
        "bootstrap": Bootstrap,
    }[method]()


def cholesky(stars: dict[str, np.ndarray], correlated: bool) -> np.ndarray:
    """Factor each star's velocity covariance: 3 x 3 x N, lower triangular, km/s.

    Written out instead of numpy.linalg.cholesky because a star without errors, whose covariance
    is all zero, is no mistake here; its factor is zero as well.
    """
    n_stars = len(stars["v_r"])
    root = np.zeros((3, 3, n_stars))
    errors = [stars[f"{name}_error"] for name in COMPONENTS]
    if not correlated:
        for i in range(3):
            root[i, i] = errors[i]
        return root

    def over(value, divisor):
        return np.divide(value, divisor, out=np.zeros(n_stars), where=divisor > 0)

    root[0, 0] = errors[0]
    root[1, 0] = over(stars["cov_rphi"], root[0, 0])
    root[2, 0] = over(stars["cov_rtheta"], root[0, 0])
    root[1, 1] = np.sqrt(np.maximum(errors[1] ** 2 - root[1, 0] ** 2, 0))
    root[2, 1] = over(stars["cov_phitheta"] - root[2, 0] * root[1, 0], root[1, 1])
    root[2, 2] = np.sqrt(np.maximum(errors[2] ** 2 - root[2, 0] ** 2 - root[2, 1] ** 2, 0))
    return root
