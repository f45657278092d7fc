"""Random realisations of a sample: which weight each star gets, and which velocity.

Every realisation has a random stream of its own, made from the seed, the sample and the
realisation's number, and takes from it block after block of stars. So a realisation is the same in
whatever shard or order it is drawn, and beside whichever others, as long as the blocks are.
"""

import functools
import zlib
from collections.abc import Sequence
from statistics import NormalDist
from typing import Protocol

import numpy as np

from icefire import cli
from icefire.stars.kinematics import COMPONENTS

METHODS = ("han2024", "bootstrap", "likelihood")
UNCERTAINTY = cli.Section(
    "uncertainty",
    {
        "method": METHODS,
        "sound": METHODS[1:],  # beside the paper's
        "correlated": bool,
    },
    optional=("sound", "correlated"),
)
DISPERSION = cli.Section("dispersion", {"deconvolve": bool}, optional=("deconvolve",))
MONTECARLO = cli.Section(
    "montecarlo",
    {
        "realisations": cli.count,
        "exclude_fraction": cli.share,
        "min_stars": cli.count,
        "seed": cli.seed,
        "max_memory_mb": cli.positive,
    },
    optional=("exclude_fraction", "max_memory_mb"),
)

# Values that a drawn deviate can have
_LEVELS = 65536
CROSS = ("cov_rphi", "cov_rtheta", "cov_phitheta")
COLUMNS = (*COMPONENTS, *(f"{name}_error" for name in COMPONENTS), *CROSS)


class Recipe(Protocol):
    """How uncertainties are estimated.

    Attributes:
        subtracted: How many times the measurement variance is taken off the dispersions afterwards;
            None: not at all, and the variance is the plain one, over n.
        resampled: Whether realisations are resamples, whose scatter stands for the sample's about
            the truth.
        zeroed: Whether weights are one or zero and velocities without weight come as zero, so that
            they need not be multiplied by their weights.
    """

    def start(self, seed: int, sample: str, numbers: Sequence[int], n_stars: int) -> list:
        """Open the streams of realisations `numbers` of a sample of `n_stars` stars."""

    def prepare(self, stars: dict[str, np.ndarray], about: np.ndarray) -> dict[str, np.ndarray]:
        """Reduce one block of stars to what `draw` needs; velocities are taken less `about`."""

    def draw(self, streams: list, block: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Draw the next block's N stars in G realisations, in single precision.

        Gives weights (N x G) and velocities less `about` (km/s; 3 x N x G, or 3 x N x 1 where all
        realisations share them).
        """


def stream(seed: int, sample: str, number: int) -> np.random.Generator:
    """Open the random stream of one realisation of one sample."""
    key = (zlib.crc32(sample.encode()), number)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


class Han2024:
    """The paper's recipe (section 2): velocities drawn from their errors, some stars left out.

    In each realisation exactly floor(exclude_fraction N) of the sample's N stars, picked without
    replacement, get no weight. Velocities follow the full error covariance, or its diagonal only
    when `correlated` is false.

    A drawn velocity has the measurement's noise twice: as measured, and as drawn. The paper leaves
    both in its dispersions; with `deconvolve` both are taken off, twice the variance of one.
    """

    resampled = False
    zeroed = True

    def __init__(self, exclude_fraction: float, correlated: bool, deconvolve: bool = False):
        self._fraction = exclude_fraction
        self._correlated = correlated
        self.subtracted = 2 if deconvolve else None

    def start(self, seed: int, sample: str, numbers: Sequence[int], n_stars: int) -> list:
        n_excluded = int(np.floor(self._fraction * n_stars))
        return [_Draws(stream(seed, sample, n), n_excluded, n_stars) for n in numbers]

    def prepare(self, stars: dict[str, np.ndarray], about: np.ndarray) -> dict[str, np.ndarray]:
        return {
            "velocity": _velocity(stars, about),
            "root": cholesky(stars, self._correlated).astype(np.float32),
        }

    def draw(self, streams: list, block: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        velocity, root = block["velocity"], block["root"]
        n_stars = velocity.shape[-1]
        kept = np.ones((len(streams), n_stars), bool)
        for row, one in zip(kept, streams, strict=True):
            row[one.excluded(n_stars)] = False
        weights = np.ascontiguousarray(kept.T).astype(np.float32)
        levels = _levels([one.generator for one in streams], 3 * n_stars)
        drawn = _normals().take(levels).reshape(3, n_stars, len(streams))
        scratch = np.empty_like(weights)
        # The last first: each component's own deviate is the last that it needs.
        for i in (2, 1, 0):
            drawn[i] *= root[i, i][:, None]
            drawn[i] += velocity[i][:, None]
            for j in range(i if self._correlated else 0):
                np.multiply(root[i, j][:, None], drawn[j], out=scratch)
                drawn[i] += scratch
            drawn[i] *= weights
        return weights, drawn


# --- deviates, each of 65,536 equally likely values ------------------------------------------
# Drawn by the bits of whole words they are some times as fast as exact ones, and the same on every
# processor.


def _levels(streams: list, number: int) -> np.ndarray:
    """Draw whole numbers below _LEVELS from G streams: `number` x G."""
    drawn = np.empty((len(streams), number), np.uint16)
    for row, one in zip(drawn, streams, strict=True):
        words = one.bit_generator.random_raw(-(-number // 4)).astype("<u8", copy=False)
        row[:] = words.view("<u2")[:number]
    return drawn.T


@functools.cache
def _normals() -> np.ndarray:
    """Give what stands for a standard normal deviate: the means of equal shares of it.

    Scaled to a variance of one; the fourth moment is 2.9998, the largest value 4.4.
    """
    normal = NormalDist()
    edges = (normal.inv_cdf(level / _LEVELS) for level in range(1, _LEVELS))
    values = -np.diff([0.0, *map(normal.pdf, edges), 0.0])
    return (values / np.sqrt(np.mean(values**2))).astype(np.float32)


@functools.cache
def _poissons() -> np.ndarray:
    """Give what stands for a Poisson(1) deviate: mean 1, variance 0.99997, fourth moment 3.999."""
    share = np.exp(-1) / np.cumprod([1, *range(1, 12)])
    levels = (np.arange(_LEVELS) + 0.5) / _LEVELS
    return np.searchsorted(np.cumsum(share), levels, side="right").astype(np.float32)


class _Draws:
    """One realisation's stream, and which of the stars to come it leaves out.

    Stars are picked in chapters of one fixed length: how many of a chapter go is hypergeometric,
    which of them is a choice without replacement, and so the total is exact.
    """

    _CHAPTER = 65536

    def __init__(self, generator: np.random.Generator, n_excluded: int, n_stars: int):
        self.generator = generator
        self._to_exclude, self._to_come = n_excluded, n_stars
        self._picked = np.empty(0, np.int64)
        self._left = 0  # stars of the chapter that have not come yet

    def excluded(self, n_stars: int) -> np.ndarray:
        """Tell which of the next stars to leave out."""
        found, done = [], 0
        while done < n_stars:
            if self._left == 0:
                self._open_chapter()
            step = min(self._left, n_stars - done)
            end = np.searchsorted(self._picked, step)
            found.append(self._picked[:end] + done)
            self._picked = self._picked[end:] - step
            self._left -= step
            done += step
        return found[0] if len(found) == 1 else np.concatenate([np.empty(0, np.int64), *found])

    def _open_chapter(self) -> None:
        self._left = min(self._CHAPTER, self._to_come)
        others = self._to_come - self._to_exclude
        count = int(self.generator.hypergeometric(self._to_exclude, others, self._left))
        self._to_exclude -= count
        self._to_come -= self._left
        self._picked = self.generator.choice(self._left, count, replace=False, shuffle=False)
        self._picked.sort()


class Bootstrap:
    """Poisson(1) bootstrap: a random weight per star, measured velocities, error variance off.

    Each star's weight is drawn on its own, which is what lets stars be streamed. The velocities
    have their noise once, as measured; without `deconvolve` it stays in.
    """

    resampled = True
    zeroed = False

    def __init__(self, deconvolve: bool = True):
        self.subtracted = 1 if deconvolve else 0

    def start(self, seed: int, sample: str, numbers: Sequence[int], n_stars: int) -> list:
        return [stream(seed, sample, number) for number in numbers]

    def prepare(self, stars: dict[str, np.ndarray], about: np.ndarray) -> dict[str, np.ndarray]:
        return {"velocity": _velocity(stars, about)[:, :, None]}

    def draw(self, streams: list, block: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        velocity = block["velocity"]
        return _poissons().take(_levels(streams, velocity.shape[1])), velocity


def _velocity(stars: dict[str, np.ndarray], about: np.ndarray) -> np.ndarray:
    """Stack the velocities less `about`, 3 x N; subtracted before precision is given up."""
    relative = [stars[name] - mean for name, mean in zip(COMPONENTS, about, strict=True)]
    return np.array(relative, np.float32)


def recipe(
    method: str, exclude_fraction: float, correlated: bool, deconvolve: bool | None = None
) -> Recipe:
    """Make the recipe that the configuration names: `han2024` or `bootstrap`.

    `deconvolve` tells whether the errors are taken off the dispersions; None is the recipe's own.
    """
    return {
        "han2024": lambda: Han2024(exclude_fraction, correlated, bool(deconvolve)),
        "bootstrap": lambda: Bootstrap(deconvolve is not False),
    }[method]()


def cholesky(stars: dict[str, np.ndarray], correlated: bool) -> np.ndarray:
    """Factor each star's velocity covariance: 3 x 3 x N, lower triangular, km/s.

    Written out instead of numpy.linalg.cholesky because a star without errors, whose covariance
    is all zero, is no mistake here; its factor is zero as well.
    """
    n_stars = len(stars["v_r_error"])
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
