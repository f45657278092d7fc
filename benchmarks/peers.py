"""The measurement as others would write it: a short script with scipy, and fused C."""

import ctypes
import os
import shutil

# It starts a compiler, from a list of words, without a shell.
import subprocess  # nosec B404
from pathlib import Path

import numpy as np
import scipy
from stars import NEEDED

from icefire.files import star_tables
from icefire.measure import dispersion, recipes

LANES = 64
# Velocities that the script holds at once
AT_ONCE = 3 * 10**7
COMPILER = shutil.which("cc")


def _read(path: str, geometries: list, min_stars: int):
    """Give means (N x 3), lower triangles of errors' roots (N x 6), measured bins x stars."""
    stars = star_tables.StarReader(path, NEEDED).all(NEEDED)
    members = scipy.sparse.vstack([geometry.membership(stars) for geometry in geometries], "csr")
    members = members[np.diff(members.indptr) >= min_stars].astype(np.float32)
    root = recipes.cholesky(stars, correlated=True)
    lower = np.column_stack([root[i, j] for i in range(3) for j in range(i + 1)])
    mean = np.column_stack([stars[name] for name in recipes.COMPONENTS])
    return (mean - mean.mean(axis=0)).astype(np.float32), lower.astype(np.float32), members


def script(path: str, geometries: list, numbers: range, min_stars: int, excluded: float) -> None:
    """Twenty lines in single precision: as many realisations at once as memory holds."""
    mean, lower, members = _read(path, geometries, min_stars)
    n, rng, found = len(mean), np.random.default_rng(42), []
    some = max(1, min(len(numbers), AT_ONCE // (3 * n)))
    for start in range(0, len(numbers), some):
        k = min(some, len(numbers) - start)
        a, b, c = rng.standard_normal((3, n, k), dtype=np.float32)
        root = lower.T[:, :, None]
        kept = (rng.random((n, k), dtype=np.float32) >= excluded).astype(np.float32)
        weight = members @ kept
        variance = np.empty((members.shape[0], 3, k), np.float32)
        for i, v in enumerate(
            (root[0] * a, root[1] * a + root[2] * b, root[3] * a + root[4] * b + root[5] * c)
        ):
            v += mean[:, i, None]
            v *= kept
            variance[:, i] = members @ (v * v) / weight - (members @ v / weight) ** 2
        found.append(variance)
    dispersion.summarise(np.concatenate(found, axis=2))


def fused(path: str, geometries: list, numbers: range, min_stars: int, excluded: float) -> None:
    """C, compiled here, with the processor's own instructions."""
    mean, lower, members = _read(path, geometries, min_stars)
    by_star = members.tocsc()
    first, bins = by_star.indptr.astype(np.int32), by_star.indices.astype(np.int32)
    n_bins = members.shape[0]
    state = np.random.default_rng(42).integers(1, 2**32, LANES, np.uint32)
    sums, found = np.empty((n_bins, 7, LANES), np.float32), []
    # Beside the stars, where the first of several measurements leaves it
    library = Path(path).with_name("fused.so")
    if not library.exists():
        flags = ("-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-shared", "-fPIC", "-lm")
        source = Path(__file__).with_name("fused.c")
        # A list of words, no shell
        words = [COMPILER, str(source), "-o", str(library), *flags]
        subprocess.run(words, check=True)  # nosec B603
    run = ctypes.CDLL(str(library)).fused
    at = [part.ctypes.data_as(ctypes.c_void_p) for part in (mean, lower, first, bins)]
    after = [part.ctypes.data_as(ctypes.c_void_p) for part in (state, sums)]
    for start in range(0, len(numbers), LANES):
        size, share = (ctypes.c_int64(len(mean)), ctypes.c_int64(n_bins)), ctypes.c_float(excluded)
        run(size[0], *at, size[1], share, *after)
        weight, v, squares = sums[:, :1], sums[:, 1:4], sums[:, 4:]
        variance = squares / weight - (v / weight) ** 2
        found.append(variance[:, :, : len(numbers) - start])
    dispersion.summarise(np.concatenate(found, axis=2))


def machine() -> str:
    """Say which instructions the C of this machine uses."""
    done = subprocess.run(  # nosec B603
        [COMPILER, "-march=native", "-dM", "-E", "-x", "c", os.devnull],
        capture_output=True,
        text=True,
        check=True,
    )
    known = ("__AVX512F__", "__AVX2__", "__SSE4_2__", "__ARM_NEON")
    return next((name.strip("_") for name in known if name in done.stdout), "plain")
