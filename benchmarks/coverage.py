#!/usr/bin/env python
"""How often the intervals of every method hold the truth, by number of stars, shape and error.

Usage:
    python benchmarks/coverage.py --output results/benchmark_coverage
    python benchmarks/coverage.py --output results/benchmark_coverage --quick

Every cell of the table is many bins of one size and shape, measured together by the run's engine.
Errors are the same share of each component's dispersion, with a scatter of 0.1 dex. Writes
OUTPUT.ecsv (a row per cell, method and quantity) and prints a table with Monte Carlo errors.
"""

import argparse
import itertools

import numpy as np
from scipy import sparse

from icefire import cli
from icefire.calibrate.coverage import METHODS, Engine, measured_by
from icefire.calibrate.halos import SHAPES
from icefire.files import text_tables
from icefire.measure import dispersion
from icefire.measure.recipes import COLUMNS, COMPONENTS

SIGMA_KM_S = np.array([140.0, 80.0, 73.0])
BETA = 1 - (SIGMA_KM_S[1:] ** 2).sum() / (2 * SIGMA_KM_S[0] ** 2)
TRUTH = dict(zip(dispersion.QUANTITIES, (*SIGMA_KM_S, BETA), strict=True))
STARS, ERRORS = (10, 15, 30, 100, 500), (0.0, 0.2, 0.5, 1.0)
SEED, REALISATIONS, EXCLUDED = 11, 400, 0.1


class Cells:
    """Bins of equally many stars, one after the other."""

    name = "cells"
    columns = ("number",)

    def __init__(self, n_bins: int, n_stars: int):
        self.n_bins, self._n_stars = n_bins, n_stars

    def membership(self, stars: dict[str, np.ndarray]) -> sparse.csr_array:
        bins = stars["number"] // self._n_stars
        places = (bins, np.arange(len(bins)))
        return sparse.csr_array((np.ones(len(bins), np.float32), places), (self.n_bins, len(bins)))


def make(shape: str, error: float, n_stars: int, n_bins: int) -> dict[str, np.ndarray]:
    """Draw the stars of one cell of the table."""
    rng = np.random.default_rng([SEED, n_stars, list(SHAPES).index(shape), int(100 * error)])
    total = n_stars * n_bins
    velocity = SIGMA_KM_S[:, None] * SHAPES[shape](rng, total)
    size = error * SIGMA_KM_S[:, None] * 10 ** rng.normal(0, 0.1, total)
    velocity += size * rng.standard_normal(velocity.shape)
    stars = {name: np.zeros(total) for name in COLUMNS} | {"number": np.arange(total)}
    for name, v, e in zip(COMPONENTS, velocity, size, strict=True):
        stars |= {name: v, f"{name}_error": e}
    return stars


def try_methods(shape: str, error: float, n_stars: int, n_bins: int):
    """Give a row for each method and quantity of one cell."""
    stars = make(shape, error, n_stars, n_bins)
    for method in METHODS:
        engine = Engine(SEED, REALISATIONS, 2, EXCLUDED)
        (measurement,) = measured_by(method, stars, Cells(n_bins, n_stars), shape, engine).values()
        summary = dispersion.summarise(measurement.variance)
        for quantity, true in TRUTH.items():
            row = {"stars": n_stars, "shape": shape, "error": error, "method": method}
            row |= {"quantity": quantity, "bins": n_bins}
            for percent in (68, 95):
                low, high = (summary[f"{quantity}_{end}{percent}"] for end in ("lo", "hi"))
                row[f"coverage{percent}"] = np.mean((low <= true) & (true <= high))
            row["median"] = np.nanmedian(summary[quantity])
            yield row


def line(cell: list[dict]) -> str:
    """Write one cell as a line: 68/95 % coverage of sigma_r, of both others, and of beta."""
    values = {(row["method"], row["quantity"]): row for row in cell}
    words = [f"{cell[0]['stars']:5} {cell[0]['shape']:16} {cell[0]['error']:4.1f}"]
    for method in METHODS:
        for names in (("sigma_r",), ("sigma_phi", "sigma_theta"), ("beta",)):
            pair = [
                100 * np.mean([values[method, name][f"coverage{percent}"] for name in names])
                for percent in (68, 95)
            ]
            words.append("{:5.1f}/{:5.1f}".format(*pair))
    n_bins = cell[0]["bins"]
    return "  ".join([*words, f"{n_bins} bins: +-{100 * np.sqrt(0.68 * 0.32 / n_bins):.1f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--output", required=True, help="without an ending")
    parser.add_argument("--quick", action="store_true", help="30 stars, 100 bins per cell")
    parser.add_argument("--max-stars", type=cli.count, default=60_000, help="per cell, about")
    arguments = parser.parse_args()
    from astropy.table import Table

    print("of each method (", ", ".join(METHODS), "): sigma_r, sigma_phi and sigma_theta, beta")
    rows = []
    for n_stars, shape, error in itertools.product(
        (30,) if arguments.quick else STARS, SHAPES, ERRORS
    ):
        n_bins = 100 if arguments.quick else int(np.clip(arguments.max_stars // n_stars, 400, 1000))
        cell = list(try_methods(shape, error, n_stars, n_bins))
        print(line(cell), flush=True)
        rows += cell
    text_tables.write_ecsv(f"{arguments.output}.ecsv", Table(rows), {})


if __name__ == "__main__":
    main()
