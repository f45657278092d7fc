"""Symmetric 3 x 3 matrices, many at once, each by its six numbers: arrays of a value per matrix."""

from collections.abc import Sequence

import numpy as np

# Where the six numbers stand in the matrix, and which of them stands where
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
PLACE = {pair: k for k, (i, j) in enumerate(PAIRS) for pair in ((i, j), (j, i))}


def inverse(matrix: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Invert N matrices, six numbers x N; give the inverses, 6 x N, and N determinants."""
    a, b, c, d, e, f = matrix
    cofactors = [b * c - f * f, a * c - e * e, a * b - d * d]
    cofactors += [e * f - d * c, d * f - e * b, d * e - a * f]
    determinant = a * cofactors[0] + d * cofactors[3] + e * cofactors[4]
    return np.array(cofactors) / determinant, determinant


def times(matrix: Sequence[np.ndarray], vector: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Multiply N matrices, six numbers x N, and N vectors, 3 x N; give 3 x N."""
    a, b, c, d, e, f = matrix
    x, y, z = vector
    return [a * x + d * y + e * z, d * x + b * y + f * z, e * x + f * y + c * z]


def dot(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> np.ndarray:
    """Give the N inner products of vectors, 3 x N each."""
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def blurred(variance: np.ndarray, covariance: np.ndarray) -> list[np.ndarray]:
    """Add ellipsoids' variances, 3 x N, to error covariances, six numbers x N (km2/s2)."""
    return [*(covariance[:3] + variance), *covariance[3:]]
