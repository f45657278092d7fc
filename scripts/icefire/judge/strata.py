"""Strata of like stars, and permutations within them.

A null hypothesis says which stars are alike: those at the same place of some coordinates, and of
the same group where something more is held fixed. Permuting velocities among them takes nothing
from the sky that was looked at, nor from any dependence on what is held fixed.

Permutations come a hundred to a random stream: the stars of every stratum are shuffled, and each of
the hundred then turns every stratum by a number of places of its own, as beads on a ring. All are
uniform among the permutations of the stratum, and from few strata up as good as independent, since
the turns are; tests by random elements of such a group are exact (Hemerik & Goeman 2018, TEST 27,
811). A ring's sums for all its turns are one Fourier transform, which makes them cheap.
"""

import zlib
from collections.abc import Iterator, Sequence

import numpy as np

# Permutations that share a stream and a shuffle
AT_ONCE = 100
# Stars worked on together: keeps them in the processor's cache.
_STARS_AT_ONCE = 8192
_ROWS_AT_ONCE = 2048


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
    labels = np.empty(n_stars, np.int32)
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
    ranks = np.empty(coordinates.shape, np.int32)
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
    """Open one random stream of a test of a sample."""
    key = (zlib.crc32(test.encode()), zlib.crc32(sample.encode()), number)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


def streams(seed: int, test: str, sample: str, numbers: Sequence[int]) -> Iterator[tuple]:
    """Open the streams of permutations `numbers`, of ascending order.

    Gives each stream with the places that its permutations have in `numbers`, and which of its
    AT_ONCE those are.
    """
    numbers = np.asarray(numbers)
    for block in np.unique(numbers // AT_ONCE):
        places = np.flatnonzero(numbers // AT_ONCE == block)
        yield stream(seed, test, sample, int(block)), places, numbers[places] % AT_ONCE


class Permutation:
    """Permute N stars within strata.

    Stars are kept in an order of their own, strata of one size behind one another, so that all of
    one size are rows of a matrix; `arrange` puts values into that order.

    Attributes:
        order: The stars in that order: indices, N.
        starts, sizes: Where each stratum starts in that order, and how many stars it has.
    """

    def __init__(self, labels: np.ndarray):
        _, of_stratum, counts = np.unique(labels, return_inverse=True, return_counts=True)
        by_size = np.argsort(counts, kind="stable")
        place = np.empty(len(counts), np.int64)
        place[by_size] = np.arange(len(counts))
        self.order = np.argsort(place[of_stratum], kind="stable")
        self.sizes = counts[by_size]
        self.starts = np.cumsum(self.sizes) - self.sizes
        sizes, number = np.unique(self.sizes, return_counts=True)
        ends = np.cumsum(sizes * number)
        self._blocks = [
            (start, min(start + at_once * size, end), size)
            for size, rows, end in zip(sizes.tolist(), number.tolist(), ends.tolist(), strict=True)
            for at_once in [max(1, _STARS_AT_ONCE // size)]
            for start in range(end - size * rows, end, at_once * size)
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

    def spectra(self, design: np.ndarray) -> list[np.ndarray]:
        """Prepare columns (k x N, in `order`) for `products`."""
        return [
            np.fft.rfft(design[:, start:stop].reshape(len(design), -1, size)).conj()
            for start, stop, size in self._blocks
        ]

    def products(
        self, spectra: list[np.ndarray], values: np.ndarray, generator: np.random.Generator
    ) -> np.ndarray:
        """Sum columns times permuted values (N, in `order`): AT_ONCE permutations x k.

        What does not take part, in strata of one star, is zero in the columns.
        """
        values = values.copy()
        self.shuffle(values, generator)
        total = np.zeros((AT_ONCE, len(spectra[0]) if spectra else 0))
        for (start, stop, size), spectrum in zip(self._blocks, spectra, strict=True):
            rings = np.fft.rfft(values[start:stop].reshape(-1, size))
            turned = np.fft.irfft(spectrum * rings, size)  # k x strata x places
            table = np.ascontiguousarray(turned.reshape(len(turned), -1).T)
            turns = self._turns(start, stop, size, generator) - start
            total += table.take(turns, axis=0).sum(axis=1)
        return total

    def permuted(
        self, values: np.ndarray, generator: np.random.Generator
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Permute rows of values (N x k, in `order`) AT_ONCE times, some stars after the others.

        Gives which n of the stars, and what they take: n x AT_ONCE x k.
        """
        shuffled = np.arange(len(values), dtype=np.int32)
        self.shuffle(shuffled, generator)
        values = values[shuffled]
        alone = slice(0, int(np.count_nonzero(self.sizes == 1)))  # the smallest come first
        if alone.stop:
            yield alone, np.repeat(values[alone, None], AT_ONCE, axis=1)
        for start, stop, size in self._blocks:
            first = self._turns(start, stop, size, generator).T
            at_once = max(1, _ROWS_AT_ONCE // size)
            for k in range(0, len(first), at_once):
                part = first[k : k + at_once, None]
                places = part + np.arange(size)[:, None]  # strata x stars x AT_ONCE
                begin = start + k * size
                last = np.arange(begin + size, begin + size * len(part) + 1, size)
                places -= size * (places >= last[:, None, None])
                stars = slice(begin, begin + size * len(part))
                yield stars, values.take(places.reshape(-1, AT_ONCE), axis=0)

    @staticmethod
    def _turns(start: int, stop: int, size: int, generator: np.random.Generator) -> np.ndarray:
        """Draw for strata of one size where each starts: AT_ONCE x strata."""
        starts = np.arange(start, stop, size)
        return starts + generator.integers(size, size=(AT_ONCE, len(starts)))
