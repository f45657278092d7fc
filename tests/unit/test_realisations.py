"""Random streams, exclusion and noise: exact counts, the moments asked for, no order."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from reference import covariance, errors
from scipy.stats import chi2

from icefire.measure.recipes import (
    COLUMNS,
    COMPONENTS,
    Bootstrap,
    Han2024,
    _normals,
    _poissons,
    cholesky,
    stream,
)

SEED, SAMPLE = 42, "halo"


def make_stars(n_stars: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Stars with any velocities and any positive definite error covariance."""
    rng = np.random.default_rng(seed)
    root = rng.normal(0, 10, (n_stars, 3, 3))
    matrix = root @ root.transpose(0, 2, 1)
    stars = dict(zip(COMPONENTS, rng.normal(0, 100, (3, n_stars)), strict=True))
    stars |= errors(matrix)
    assert set(stars) == set(COLUMNS)
    return stars


def draw(how, stars, numbers, blocks=None):
    """Weights (realisations x stars) and velocities (x 3) of all stars, drawn block by block."""
    n_stars = len(stars["v_r"])
    edges = np.cumsum((0, *(blocks or (n_stars,))))
    streams = how.start(SEED, SAMPLE, numbers, n_stars)
    parts = []
    for a, b in pairwise(edges):
        block = how.prepare({name: v[a:b] for name, v in stars.items()}, np.zeros(3))
        parts.append(split(how, *how.draw(streams, block)))
    weights = np.concatenate([weights for weights, _ in parts], axis=1)
    velocities = np.concatenate([velocities for _, velocities in parts], axis=2)
    return weights, velocities.transpose(1, 2, 0)


def split(how, weights, velocities):
    """Weights (G x N) and velocities (3 x G x N; NaN without weight), of N x G and 3 x N x G."""
    weights, velocities = weights.T, velocities.transpose(0, 2, 1)
    velocities = np.broadcast_to(velocities, (3, *weights.shape))
    if how.zeroed:
        assert set(np.unique(weights)) <= {0.0, 1.0}
        assert not velocities[:, weights == 0].any()
    return weights, np.where(weights > 0, velocities, np.nan)


RECIPES = {
    "han2024": Han2024(0.1, True),
    "han2024, independent": Han2024(0.1, False),
    "bootstrap": Bootstrap(),
}


@pytest.mark.parametrize("blocks", [None, (1,) * 97, (50, 47), (3, 90, 4)])
@pytest.mark.parametrize(("fraction", "n_excluded"), [(0.1, 9), (0.0, 0), (0.5, 48), (0.99, 96)])
def test_exactly_the_floor_of_the_fraction_is_left_out(blocks, fraction, n_excluded):
    weights, _ = draw(Han2024(fraction, True), make_stars(97), range(40), blocks)
    assert set(np.unique(weights)) <= {0.0, 1.0}
    assert (weights.sum(axis=1) == 97 - n_excluded).all()


@pytest.mark.parametrize("blocks", [None, (15, 35)])
def test_every_star_is_left_out_equally_often(blocks):
    n_stars, n_drawn = 50, 4000
    weights, _ = draw(Han2024(0.1, False), make_stars(n_stars), range(n_drawn), blocks)
    left_out = (weights == 0).sum(axis=0)
    # The total is fixed, which makes N - 1 degrees of freedom.
    statistic = np.sum((left_out - 0.1 * n_drawn) ** 2) / (n_drawn * 0.1 * 0.9) * (1 - 1 / n_stars)
    low, high = chi2.ppf([0.001, 0.999], n_stars - 1)
    assert low < statistic < high


@pytest.mark.parametrize("how", RECIPES.values(), ids=RECIPES)
def test_a_realisation_is_the_same_beside_any_others(how):
    stars = make_stars(40)
    weights, velocities = draw(how, stars, range(8))
    for numbers in ([5], [7, 0, 5], range(4, 8)):
        some_weights, some_velocities = draw(how, stars, numbers)
        np.testing.assert_array_equal(some_weights, weights[list(numbers)])
        np.testing.assert_array_equal(some_velocities, velocities[list(numbers)])


@pytest.mark.parametrize(
    ("values", "moments"),
    [(_normals, (0, 1, 0, 3)), (_poissons, (1, 1, 1, 4))],
    ids=["normal", "Poisson"],
)
def test_deviates_have_the_moments_of_their_distribution(values, moments):
    found = values().astype(float)
    about = [found.mean(), *(np.mean((found - found.mean()) ** k) for k in (2, 3, 4))]
    np.testing.assert_allclose(about, moments, atol=1e-3)


def test_no_digit_depends_on_the_processors_vectors(repo):
    code = (
        "import numpy as np, sys; sys.path[:0] = ['tests', 'tests/unit']\n"
        "from test_realisations import RECIPES, draw, make_stars\n"
        "for how in RECIPES.values():\n"
        "    print([part.tobytes().hex() for part in draw(how, make_stars(300), range(3))])"
    )
    wide = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not wide:
        pytest.skip("this processor has no vectors that numpy would use beyond its baseline")
    plain = {"NPY_DISABLE_CPU_FEATURES": " ".join(wide)}
    outputs = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env=os.environ | {"PYTHONPATH": "scripts"} | more,
            cwd=repo,
            check=True,
            capture_output=True,
        ).stdout
        for more in ({}, plain)
    ]
    assert outputs[0] == outputs[1] and len(outputs[0]) > 1000


def test_seeds_samples_and_numbers_name_different_streams():
    names = [(s, sample, n) for s in (1, 2) for sample in ("halo", "insitu") for n in range(50)]
    first = {name: stream(*name).random() for name in names}
    assert len(set(first.values())) == len(names)
    assert first == {name: stream(*name).random() for name in reversed(names)}


@pytest.mark.parametrize("correlated", [True, False])
def test_drawn_velocities_have_the_measured_mean_and_covariance(correlated):
    stars, n_drawn = make_stars(6), 20_000
    _, velocities = draw(Han2024(0.0, correlated), stars, range(n_drawn))
    given = covariance(stars)
    if not correlated:
        given = given * np.eye(3)
    sizes = np.sqrt(np.diagonal(given, axis1=1, axis2=2))
    measured = np.array([stars[name] for name in COMPONENTS]).T
    pull = (velocities.mean(axis=0) - measured) / sizes * n_drawn**0.5
    assert np.abs(pull).max() < 4

    centred = velocities - measured
    found = np.einsum("rsi,rsj->sij", centred, centred) / n_drawn
    scale = sizes[:, :, None] * sizes[:, None, :]
    # Standard error of a covariance: at most sqrt(2 / n) of the product of the sigmas.
    assert np.max(np.abs(found - given) / scale) < 4.5 * np.sqrt(2 / n_drawn)


@pytest.mark.parametrize("zero", [("v_r",), ("v_phi",), ("v_theta",), COMPONENTS], ids=len)
def test_errors_of_zero_give_no_noise_and_no_nan(zero):
    stars = make_stars(20)
    pairs = {"rphi": ("v_r", "v_phi"), "rtheta": ("v_r", "v_theta"), "phitheta": COMPONENTS[1:]}
    for name in zero:
        stars[f"{name}_error"] = np.zeros(20)
        for pair, members in pairs.items():
            if name in members:
                stars[f"cov_{pair}"] = np.zeros(20)
    root = cholesky(stars, True).transpose(2, 0, 1)
    rebuilt = root @ root.transpose(0, 2, 1)
    np.testing.assert_allclose(rebuilt, covariance(stars), rtol=1e-9, atol=1e-9)
    _, velocities = draw(Han2024(0.0, True), stars, range(3))
    for i, name in enumerate(COMPONENTS):
        moved = np.any(velocities[:, :, i] != stars[name].astype(np.float32))
        assert moved == (name not in zero)


def test_fully_correlated_errors_have_a_root():
    # Rounding may make the last pivots slightly negative: a nan there would spoil a whole bin.
    stars = make_stars(2000)
    direction = np.random.default_rng(2).normal(0, 30, (2000, 3))
    matrix = np.einsum("si,sj->sij", direction, direction)
    root = cholesky(stars | errors(matrix), True).transpose(2, 0, 1)
    rebuilt = root @ root.transpose(0, 2, 1)
    scale = np.trace(matrix, axis1=1, axis2=2)[:, None, None]
    assert np.max(np.abs(rebuilt - matrix) / scale) < 1e-6


def test_bootstrap_weights_are_poisson_and_velocities_as_measured():
    stars = make_stars(500)
    weights, velocities = draw(Bootstrap(), stars, range(400), (100, 400))
    # 200,000 weights: standard errors 0.0022 of the mean and 0.0039 of the variance
    assert weights.mean() == pytest.approx(1, abs=0.009)
    assert weights.var() == pytest.approx(1, abs=0.016)
    assert (weights == 0).mean() == pytest.approx(np.exp(-1), abs=0.005)
    measured = np.stack([stars[name] for name in COMPONENTS], axis=-1)
    wanted = np.where(weights[..., None] > 0, measured, np.nan)
    np.testing.assert_allclose(velocities, wanted, rtol=1e-6)
