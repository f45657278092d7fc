"""Strata of like stars, and permutations within them.

A null hypothesis says which stars are alike: those at the same place of some coordinates, and of
the same group where something more is held fixed. Permuting velocities among them takes nothing
from the sky that was looked at, nor from any dependence on what is held fixed.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np


def strata(
    coordinates: Sequence[np.ndarray] | np.ndarray,
    groups: np.ndarray | None = None,
    size: float = 40,
) -> np.ndarray:
    """Divide N stars into cells of `size` and more that lie together, each within one group.

    The stars of a group are halved, and the halves halved, across the coordinate whose ranks among
    all stars reach farthest in what is halved, as long as halves have `size` stars; so cells have
    from `size` to twice as many, those of a group alike, and fewer only where a group has fewer.

    Takes k x N coordinates, finite, of any unit since ranks alone are used, and N labels of groups
    of any kind (None: one group). Gives N labels, whole numbers from 0. Which stars are together
    does not depend on their order, except between stars equal in every coordinate.
    """
    coordinates = np.atleast_2d(np.asarray(coordinates))
    n_stars = coordinates.shape[1]
    labels = np.empty(n_stars, np.int64)
    if n_stars == 0:
        return labels
    ranks = _ranks(coordinates)
    _, of_group = np.unique(np.zeros(n_stars) if groups is None else groups, return_inverse=True)
    by_group = np.argsort(of_group, kind="stable")
    n_labels = 0
    for members in np.split(by_group, np.cumsum(np.bincount(of_group))[:-1]):
        cells = [members]
        for _ in range(max(0, int(np.log2(len(members) / size)))):
            cells = [half for cell in cells for half in _halves(cell, ranks)]
        for cell in cells:
            labels[cell] = n_labels
            n_labels += 1
    return labels


def _ranks(coordinates: np.ndarray) -> np.ndarray:
    """Rank stars in each of k coordinates, k x N; stars equal in one by the others in turn."""
    ranks = np.empty(coordinates.shape, np.int64)
    for axis, row in enumerate(ranks):
        others = np.roll(coordinates, -axis, axis=0)[::-1]
        row[np.lexsort(others)] = np.arange(coordinates.shape[1])
    return ranks


def _halves(cell: np.ndarray, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Halve a cell (indices of stars) across the coordinate that is widest in ranks."""
    inside = ranks[:, cell]
    widest = np.argmax(np.ptp(inside, axis=1))
    middle = len(cell) // 2
    order = np.argpartition(inside[widest], middle)
    return cell[order[:middle]], cell[order[middle:]]


def stream(seed: int, test: str, sample: str, number: int) -> np.random.Generator:
    """Open the random stream of one permutation of one test of one sample."""
    key = (zlib.crc32(test.encode()), zlib.crc32(sample.encode()), number)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


class Permutation:
    """Permute N stars within strata, at some 10 ns a star.

    Stars are kept in an order of their own, strata of one size behind one another, so that all of
    one size are rows of a matrix; `arrange` puts values into that order.

    Attributes
    ----------
    order
        The stars in that order: indices, N.
    starts, sizes
        Where each stratum starts in that order, and how many stars it has.
    """

    def __init__(self, labels: np.ndarray):
        _, of_stratum, counts = np.unique(labels, return_inverse=True, return_counts=True)
        by_size = np.argsort(counts, kind="stable")
        place = np.empty(len(counts), np.int64)
        place[by_size] = np.arange(len(counts))
        self.order = np.argsort(place[of_stratum], kind="stable")
        self.sizes = counts[by_size]
        self.starts = np.cumsum(self.sizes) - self.sizes
        self._n_stars = len(of_stratum)
        sizes, number = np.unique(self.sizes, return_counts=True)
        ends = np.cumsum(sizes * number)
        self._blocks = [
            (int(end - size * rows), int(end), int(size))
            for size, rows, end in zip(sizes, number, ends, strict=True)
            if size > 1
        ]

    def arrange(self, values: np.ndarray) -> np.ndarray:
        """Put values of stars (their last axis, N) into the order of this permutation."""
        return np.ascontiguousarray(np.asarray(values)[..., self.order])

    def shuffle(self, arranged: np.ndarray, generator: np.random.Generator) -> None:
        """Permute N values within strata, in place; they are contiguous and in `order`."""
        for start, stop, size in self._blocks:
            rows = arranged[start:stop].reshape(-1, size)
            generator.permuted(rows, axis=1, out=rows)

    def values(self, values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Give N values, in the stars' own order, permuted within strata."""
        arranged = self.arrange(values)
        self.shuffle(arranged, generator)
        permuted = np.empty_like(arranged)
        permuted[self.order] = arranged
        return permuted

    def index(self, generator: np.random.Generator) -> np.ndarray:
        """Tell for each of N stars which star's values it takes: `velocity[:, index]`."""
        return self.values(np.arange(self._n_stars), generator)
