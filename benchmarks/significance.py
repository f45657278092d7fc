#!/usr/bin/env python
"""How often the permutation tests find something where nothing is, and where something is.

Stars keep the places and compositions of a survey's halo sample; their velocities are made up.

    python benchmarks/significance.py --samples results/samples --halos 1000

prints, as Markdown, the share of null halos with p <= 0.05, in brackets the Kolmogorov-Smirnov p of
all p, then how often a planted asymmetry is found at p < 0.01. Sizes need few permutations, 99: a
permutation test is exact with any number.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.stats import kstest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from icefire.files.star_tables import StarReader
from icefire.judge import asymmetry, significance
from icefire.judge.significance import NULLS, Score

SEED = 20
STARS = (100, 400, 4000)
POWER_STARS = (100, 400, 1000, 4000)
AMPLITUDES = (0.1, 0.2)
TESTS = tuple(NULLS)
# Which tests each halo is a null of, by what is held fixed
KINDS = {
    "falling": ("none", ("sphere", "axisymmetric", "mirror", "mirror_bands")),
    "Student t5": ("none", ("sphere", "axisymmetric", "mirror", "mirror_bands")),
    "flattened": ("none", ("axisymmetric", "mirror", "mirror_bands")),
    "composition": ("population", ("sphere", "axisymmetric", "mirror", "mirror_bands")),
    "composition on the sky": ("population", ("sphere", "axisymmetric", "mirror", "mirror_bands")),
}


def read(folder: Path) -> dict[str, np.ndarray]:
    """Read a halo sample, with each star's population."""
    samples = [
        asymmetry.read(StarReader(folder / f"{sample}.fits"), (*asymmetry.COLUMNS, "ra", "feh"))
        for sample in ("halo", "accreted", "insitu")
    ]
    return samples[0] | {"population": asymmetry.compositions(*samples)["population"]}


def make(kind: str, survey: dict, n: int, draw: np.random.Generator) -> dict[str, np.ndarray]:
    """Make a halo of at most `n` of the survey's stars, its velocities drawn anew."""
    total = len(survey["r"])
    chosen = np.sort(draw.choice(total, min(n, total), replace=False))
    halo = {name: values[chosen] for name, values in survey.items()}
    count = len(chosen)
    sigma = 150 * (halo["r"] / 20) ** -0.4
    noise = draw.standard_normal(count)
    if kind == "Student t5":
        noise = draw.standard_t(5, count)
    elif kind == "flattened":
        within = np.sqrt(halo["x"] ** 2 + halo["y"] ** 2 + (halo["z"] / 0.6) ** 2)
        sigma = 150 * (within / 20) ** -0.4
    elif kind == "composition on the sky":
        phi = np.arctan2(halo["y"], halo["x"])
        halo["population"] = (draw.random(count) < 0.5 + 0.4 * np.sin(phi)).astype(int)
    if kind.startswith("composition"):
        sigma = np.where(halo["population"] == 1, 80, 150)
    return halo | {"v_r": sigma * noise}


def p_value(halo: dict, test: str, groups, size: int, permutations: int, draw) -> float:
    """Test one null on one halo."""
    null = NULLS[test]
    score = Score(halo["v_r"], null.design(halo), null.strata(halo, groups, size))
    drawn = score.permuted(int(draw.integers(2**32)), test, "halo", range(permutations))
    t, _ = significance.statistic(score.observed, score.covariance)
    return significance.p_value(t, significance.statistic(drawn, score.covariance)[0])


def sizes(
    survey: dict, kind: str, number_of_kind: int, fixed: str, n: int, size: int, halos: int
) -> dict:
    """Test many halos of one kind; all p by test."""
    found: dict[str, list[float]] = {}
    for number in range(halos):
        draw = np.random.default_rng([SEED, number_of_kind, n, number])
        halo = make(kind, survey, n, draw)
        groups = halo["population"] if fixed == "population" else None
        for test in KINDS[kind][1]:
            found.setdefault(test, []).append(p_value(halo, test, groups, size, 99, draw))
    return found


def print_sizes(survey: dict, stars: tuple[int, ...], size: int, halos: int) -> None:
    """Print sizes of nulls: of fewer halos where they have many stars, or are no nulls."""
    print(f"| halo | fixed | stars | halos | {' | '.join(TESTS)} |\n{'|---' * 8}|")
    for i, (kind, (of_null, _)) in enumerate(KINDS.items()):
        for fixed in dict.fromkeys((of_null, "none")):
            for n in stars:
                made = halos if fixed == of_null else halos // 5
                made = made * 2 // 5 if n > 1000 else made
                cells = dict.fromkeys(TESTS, "")
                for test, p in sizes(survey, kind, i, fixed, n, size, made).items():
                    # A multiple of 0.01: spread evenly within each, it is uniform if exact.
                    spread = np.array(p) - np.random.default_rng(SEED).random(len(p)) / 100
                    uniform = kstest(spread, "uniform").pvalue
                    cells[test] = f"{np.mean(np.array(p) < 0.0501):.3f} ({uniform:.2f})"
                print(
                    f"| {kind} | {fixed} | {n} | {made} | {' | '.join(cells.values())} |",
                    flush=True,
                )


def print_power(survey: dict, size: int, halos: int) -> None:
    """Print how often a planted pattern in azimuth is found, and the mean effect."""
    print("\n| planted | stars | share p < 0.01 | effect | its dispersion | stated error |")
    print("|---|---|---|---|---|---|")
    null = NULLS["axisymmetric"]
    for column, pattern in ((0, "cos φ"), (2, "cos 2φ")):
        for amplitude in AMPLITUDES:
            for n in POWER_STARS:
                p, effects, errors = [], [], []
                for number in range(halos):
                    draw = np.random.default_rng([SEED, 9, column, n, number])
                    halo = make("falling", survey, n, draw)
                    halo["v_r"] *= np.exp(amplitude * null.design(halo)[column])
                    p.append(p_value(halo, "axisymmetric", None, size, 299, draw))
                    labels = null.strata(halo, None, size)
                    score = Score(halo["v_r"], null.design(halo), labels)
                    value, error = significance.effects(
                        score.observed, score.covariance, score.information
                    )
                    effects.append(value[column])
                    errors.append(error[column])
                print(
                    f"| {amplitude} {pattern} | {n} | {np.mean(np.array(p) < 0.01):.2f}"
                    f" | {np.mean(effects):.3f} | {np.std(effects):.3f} | {np.mean(errors):.3f} |"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=Path, required=True, help="folder of the three samples")
    parser.add_argument("--halos", type=int, default=1000, help="of each kind")
    parser.add_argument("--stratum-stars", type=int, default=40)
    parser.add_argument("--stars", type=int, nargs="+", default=STARS)
    parser.add_argument("--power-halos", type=int, default=200)
    arguments = parser.parse_args()
    survey = read(arguments.samples)
    print_sizes(survey, arguments.stars, arguments.stratum_stars, arguments.halos)
    print_power(survey, arguments.stratum_stars, arguments.power_halos)


if __name__ == "__main__":
    main()
