"""Intervals of the bootstrap: from the scatter of resamples to that of the truth.

A resample's variance differs from the sample's as the sample's does from the truth's, so each is
mirrored about the sample's in the log of the variance (the basic bootstrap on a scale of constant
error; Davison & Hinkley 1997, section 5.2). Two things are set right by the sample's kurtosis. The
scatter of resamples follows the fourth moment of n stars, which falls short of the truth's. And a
sample without the stars of its tails has too small a variance and too small a kurtosis at once, so
that an interval has to reach farther up than down, the more the heavier the tails.
docs/uncertainties.md has the derivation, and how often the intervals hold the truth.
"""

import numpy as np

# How much farther an interval reaches up and down, in units of the error of kurtosis. Chosen for
# Gaussian, Student t5, uniform, mixed and two-lobed velocities together, of 30 to 500 stars.
_UP, _DOWN = 0.5, 0.3
# Squares of both are at most so many times those of a sample of many stars.
_WIDEST = 4.0
# Kurtosis less one is at least this: two values in equal numbers have none.
_FLATTEST = 0.3
# A realisation has at most this many times the sample's variance, errors in.
_LARGEST_RATIO = 20.0


def reflected(
    variance: np.ndarray,
    total: np.ndarray,
    error: np.ndarray,
    kurtosis: np.ndarray,
    n_stars: np.ndarray,
) -> np.ndarray:
    """Turn the scatter of resamples about a sample into that of the truth about the sample.

    A resample's variance is (n-1)/n of the sample's on average, which is corrected for; then it is
    mirrored, in the log of the variance with its errors still in, and spread by `powers`.

    Parameters:
        variance: 3 x B x R variances of resamples of B bins, errors subtracted, km2/s2.
        total, error, kurtosis: 3 x B unbiased variances of the bins' stars, what was subtracted, on
            average, km2/s2, and fourth moments over squared variances, errors in both.
        n_stars: Stars per bin, B values.

    Returns: 3 x B x R variances, km2/s2.
    """
    down, up = (power[..., None] for power in powers(kurtosis, n_stars))
    total, error, n = total[..., None], error[..., None], n_stars[:, None]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        ratio = (variance + error) * (n / (n - 1)) / total
        ratio = np.maximum(ratio, np.finfo(float).tiny)
        ratio **= -np.where(ratio < 1, up, down)
        mirrored = total * np.minimum(ratio, _LARGEST_RATIO) - error
    # Stars that all move alike have nothing to mirror.
    return np.where(total > 0, mirrored, variance)


def powers(kurtosis: np.ndarray, n_stars: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell by how much resamples are spread: those above the sample's variance, those below it.

    The log of a variance scatters by the root of (kurtosis - 1)/n. For the kurtosis of n stars its
    unbiased estimate is taken (of a Gaussian; Fisher 1930). What is left to fear is measured by the
    relative error of kurtosis - 1, which is sqrt(6/n) for a Gaussian. Those below the sample's
    variance become truths above it. 3 x B values each.
    """
    n = np.maximum(n_stars, 4.0)
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (kurtosis - 3) + 6)
    tailed = np.maximum(excess + 2, _FLATTEST)
    short = tailed / np.maximum(kurtosis - 1, _FLATTEST)
    error = np.sqrt(6 / n)
    up = np.minimum(1 + _UP * (tailed - 1) * error, _WIDEST)
    down = np.minimum(1 + _DOWN * np.maximum(tailed - 2, 0) * error, _WIDEST)
    return np.sqrt(short * down), np.sqrt(short * up)
