#!/usr/bin/env python
"""How many jobs, core-hours and how much memory a large run takes, from measured times.

Usage:
    python benchmarks/plan.py --measured benchmarks/measured.ecsv

Reads the table that benchmarks/engine.py writes, fits what a star, a realisation and both together
cost, and prints the table of docs/clusters.md: for as many stars in the halo sample, and
as many again in the accreted and in-situ samples together. Points that were measured are marked.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from icefire.files import text_tables

STARS = tuple(10**n for n in range(4, 9))
REALISATIONS = tuple(10**n for n in range(3, 6))
# How a run is cut up: shards of an hour at most, and of no more realisations than fit into the
# default montecarlo.max_memory_mb with room to spare.
HOURS_PER_SHARD, REALISATIONS_PER_SHARD = 1.0, 5000
# What a job costs on top of its step, where Snakemake starts itself twice, s
JOB_S = 4.0
# Jobs of a run besides run_realisations: the catalogue's, the figures' that read stars, and with
# many realisations the summaries of three samples
OTHER_JOBS, SUMMARIES = 12, 3


def fit_time(measured: list[dict]) -> np.ndarray:
    """Fit seconds of one sample as a + b stars + c realisations + d stars x realisations.

    No term is negative; relative errors count alike.
    """
    terms = np.array([_terms(row["n_stars"], row["realisations"]) for row in measured])
    seconds = np.array([row["engine_s"] for row in measured])
    return nnls(terms / seconds[:, None], np.ones(len(seconds)))[0]


def _terms(n_stars: float, realisations: float) -> tuple[float, ...]:
    return 1.0, n_stars, realisations, n_stars * realisations


def fit_memory(measured: list[dict]) -> tuple[float, float]:
    """Fit the peak memory (MB) of a shard as a + b realisations; stars are streamed."""
    rows = [row for row in measured if row["what"] == "realisations"]
    slope, base = np.polyfit(
        [row["realisations"] for row in rows], [row["peak_mb"] for row in rows], 1
    )
    return base, slope


def plan(n_stars: int, realisations: int, time: np.ndarray, memory: tuple[float, float]) -> dict:
    """Cut a run up and add up what it takes.

    A job reads all stars, so that more shards cost more core-hours.
    """
    shards = max(2, math.ceil(realisations / REALISATIONS_PER_SHARD))
    while True:
        # The halo sample, and as many stars in the other two together
        one = 2 * float(np.dot(time, _terms(n_stars, realisations / shards)))
        if one <= 3600 * HOURS_PER_SHARD or shards == realisations:
            break
        shards = min(realisations, max(shards + 1, math.ceil(shards * one / 3600)))
    jobs = shards + OTHER_JOBS + (SUMMARIES if realisations > 2000 else 0)
    seconds = shards * (one + JOB_S)
    return {
        "shards": shards,
        "jobs": jobs,
        "core_hours": seconds / 3600,
        "memory_mb": memory[0] + memory[1] * realisations / shards,
    }


def measured_points(measured: list[dict]) -> set[tuple[int, int]]:
    """Give which points of the table were measured; the paper's 10,469 stars count as 10^4."""
    found = {(row["n_stars"], row["realisations"]) for row in measured}
    return {(10**4 if n == 10_469 else n, realisations) for n, realisations in found}


def markdown(measured: list[dict]) -> str:
    """Write the table for docs/clusters.md."""
    time, memory = fit_time(measured), fit_memory(measured)
    seen = measured_points(measured)
    lines = [
        "| stars of the halo | realisations | `shards` | jobs | core-hours | memory of a job |",
        "|---|---|---|---|---|---|",
    ]
    for n_stars in STARS:
        for realisations in REALISATIONS:
            one = plan(n_stars, realisations, time, memory)
            mark = " *" if (n_stars, realisations) in seen else ""
            hours = one["core_hours"]
            text = f"{hours:.2g}" if hours < 10 else f"{hours:,.0f}"
            # The step's and Snakemake's own
            memory_mb = math.ceil((one["memory_mb"] + 260) / 100) * 100
            lines.append(
                f"| {_power(n_stars)} | {_power(realisations)}{mark} | {one['shards']}"
                f" | {one['jobs']:,} | {text} | {memory_mb / 1000:.1f} GB |"
            )
    return "\n".join(lines)


def _power(number: int) -> str:
    return "10" + "⁰¹²³⁴⁵⁶⁷⁸⁹"[round(math.log10(number))]


def read(path: str) -> list[dict]:
    """Read the rows of a benchmark's table that were measured with all geometries."""
    table = text_tables.read_ecsv(
        path, ("n_stars", "realisations", "engine_s", "peak_mb"), ("what",)
    )
    rows = [dict(zip(table.colnames, row, strict=True)) for row in table]
    return [row for row in rows if row["what"] in ("all", "stars", "realisations", "both")]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measured", required=True, help="the table of benchmarks/engine.py")
    print(markdown(read(parser.parse_args().measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
