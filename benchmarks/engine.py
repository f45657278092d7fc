#!/usr/bin/env python
"""Time and memory of the measurement, beside a plain notebook's way and beside the floor.

Usage:
    python benchmarks/engine.py --output results/benchmark_engine
    python benchmarks/engine.py --output results/benchmark_engine --quick

All figures are of one run on one machine and are given as ratios. "Notebook" is the plain way:
boolean masks in loops and numpy.std, written here for the purpose; it is timed for a few
realisations and scaled. "Floor" is drawing as many normals with numpy and reading the data once:
what a way that asks numpy for its normals cannot go below. Where a compiler is, "fused" is C of one
pass, the nearest here to the machine's own limit; "script" is twenty lines with scipy.
Every measurement runs in a process of its own, so that its peak memory is its own, and on one
core. Writes OUTPUT.ecsv, OUTPUT.png and prints a table.
"""

import argparse
import itertools
import json
import os

# It starts itself, from lists of words, without a shell.
import subprocess  # nosec B404
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import peers
from stars import NEEDED, make

from icefire.files import star_tables, text_tables
from icefire.measure import dispersion, recipes
from icefire.measure.geometry import HealpixSky, PlaneGrid, RadialShells

GEOMETRIES = {
    "xy": PlaneGrid("xy", 30.0, 1.0, 2.0),
    "xz": PlaneGrid("xz", 30.0, 1.0, 2.0),
    "sky": HealpixSky(4),
    "radial": RadialShells(10.0, 80.0, 15),
}
PAPER_STARS, PAPER_REALISATIONS = 10_469, 1_000
SEED, MIN_STARS, EXCLUDED = 42, 10, 0.1


# --- what is timed ---------------------------------------------------------------------------


def engine(path: str, names: list[str], numbers: range, max_memory_mb: float) -> None:
    """The engine, up to medians and intervals."""
    reader = star_tables.StarReader(path, NEEDED)
    found = dispersion.measure(
        lambda: reader.blocks(NEEDED, dispersion.STARS_AT_ONCE),
        reader.n_rows,
        [GEOMETRIES[name] for name in names],
        recipes.Han2024(EXCLUDED, correlated=True),
        SEED,
        "halo",
        numbers,
        MIN_STARS,
        max_memory_mb,
    )
    for measurement in found.values():
        dispersion.summarise(measurement.variance)


def floor(path: str, names: list[str], numbers: range, max_memory_mb: float) -> None:
    """Drawing the normals with numpy's default generator, and one read of the data."""
    reader = star_tables.StarReader(path, NEEDED)
    rng = np.random.default_rng(SEED)
    for block in reader.blocks(NEEDED, dispersion.STARS_AT_ONCE):
        scratch = np.empty((len(block["x"]), 3))
        for _ in numbers:
            rng.standard_normal(out=scratch)


def notebook(path: str, names: list[str], numbers: range, max_memory_mb: float) -> None:
    """A research notebook's way: for each realisation and bin, a boolean mask and numpy.std."""
    stars = star_tables.StarReader(path, NEEDED).all(NEEDED)
    n = len(stars["x"])
    covariance = np.empty((n, 3, 3))
    for i, name in enumerate(recipes.COMPONENTS):
        covariance[:, i, i] = stars[f"{name}_error"] ** 2
    for name, (i, j) in zip(recipes.COLUMNS[6:], ((0, 1), (0, 2), (1, 2)), strict=True):
        covariance[:, i, j] = covariance[:, j, i] = stars[name]
    root = np.linalg.cholesky(covariance)
    mean = np.column_stack([stars[name] for name in recipes.COMPONENTS])
    rng = np.random.default_rng(SEED)
    found = []
    for _ in numbers:
        v = mean + np.einsum("nij,nj->ni", root, rng.standard_normal((n, 3)))
        keep = np.ones(n, bool)
        keep[rng.choice(n, int(EXCLUDED * n), replace=False)] = False
        for name in names:
            for mask in _masks(name, stars):
                if np.count_nonzero(mask) >= MIN_STARS:
                    sigma = v[mask & keep].std(axis=0)
                    beta = 1 - (sigma[1] ** 2 + sigma[2] ** 2) / (2 * sigma[0] ** 2)
                    found.append((*sigma, beta))


def _masks(name: str, stars: dict):
    if name in ("xy", "xz"):
        a, b = stars[name[0]], stars[name[1]]
        for i in range(-30, 31):
            for j in range(-30, 31):
                yield (a - i) ** 2 + (b - j) ** 2 <= 4.0
    elif name == "sky":
        import healpy

        pixel = healpy.ang2pix(4, stars["l"], stars["b"], lonlat=True)
        for i in range(192):
            yield pixel == i
    else:
        edges = np.linspace(10, 80, 16)
        west, north = stars["l"] > 180, stars["b"] > 0
        for part in (
            np.ones_like(west),
            west & north,
            ~west & north,
            ~west & ~north,
            west & ~north,
        ):
            for low, high in itertools.pairwise(edges):
                yield part & (stars["r"] >= low) & (stars["r"] < high)


def script(path: str, names: list[str], numbers: range, max_memory_mb: float) -> None:
    """A short script with scipy's sparse matrices, in single precision."""
    peers.script(path, [GEOMETRIES[name] for name in names], numbers, MIN_STARS, EXCLUDED)


def fused(path: str, names: list[str], numbers: range, max_memory_mb: float) -> None:
    """C that draws and adds up in one pass, compiled for this processor."""
    peers.fused(path, [GEOMETRIES[name] for name in names], numbers, MIN_STARS, EXCLUDED)


CASES = {"engine": engine, "floor": floor, "notebook": notebook, "script": script, "fused": fused}


# --- one measurement, in a process of its own ------------------------------------------------


def measure_here(arguments) -> None:
    """Do one case and print its time and the process's peak memory as JSON."""
    import resource

    import healpy  # noqa: F401  (loading it is no part of the measurement)

    names = arguments.geometries.split(",")
    numbers = range(*(int(part) for part in arguments.numbers.split(":")))
    wall, cpu = time.perf_counter(), time.process_time()
    CASES[arguments.case](arguments.stars, names, numbers, arguments.max_memory_mb)
    found = {
        "wall_s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found))


def command(case: str, stars: Path, geometries: str, numbers: str, memory: float = 1000) -> list:
    return [
        *(sys.executable, __file__, "--case", case, "--stars", str(stars)),
        *("--geometries", geometries, "--numbers", numbers, "--max-memory-mb", str(memory)),
    ]


def run(*case, repeat: int = 1) -> dict:
    """Measure one case, the fastest of `repeat` times."""
    one_core = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    found = []
    for _ in range(repeat):
        # A list of words, no shell
        done = subprocess.run(  # nosec B603
            command(*case), capture_output=True, text=True, env={**os.environ, **one_core}
        )
        if done.returncode:
            sys.exit(done.stderr)
        found.append(json.loads(done.stdout))
    return min(found, key=lambda one: one["wall_s"])


def together(*cases) -> float:
    """Run several cases at once and give the longest of their times."""
    running = []
    for case in cases:
        # A list of words, no shell
        one = subprocess.Popen(  # nosec B603
            command(*case), stdout=subprocess.PIPE, text=True
        )
        running.append(one)
    return max(json.loads(one.communicate()[0])["wall_s"] for one in running)


# --- the tables ------------------------------------------------------------------------------


def compare(stars: Path, quick: bool) -> list[dict]:
    """Set the engine beside the notebook and the floor, for each geometry and for all."""
    rows = []
    n_real = PAPER_REALISATIONS // (10 if quick else 1)
    floor_s = run("floor", stars, "all", f"0:{n_real}", repeat=3)["wall_s"]
    for names in (*GEOMETRIES, ",".join(GEOMETRIES)):
        ours = run("engine", stars, names, f"0:{n_real}", repeat=3)
        n_plain = 3
        plain = run("notebook", stars, names, f"0:{n_plain}")["wall_s"] * n_real / n_plain
        rows.append(
            {
                "what": "all" if "," in names else names,
                "n_stars": PAPER_STARS,
                "realisations": n_real,
                "engine_s": ours["wall_s"],
                "peak_mb": ours["peak_mb"],
                "notebook_over_engine": plain / ours["wall_s"],
                "engine_over_floor": ours["wall_s"] / floor_s,
                **(beside(stars, ours, n_real) if "," in names else {}),
            }
        )
    many = 10 * n_real
    names = ",".join(GEOMETRIES)
    one = together(("engine", stars, names, f"0:{many}"))
    halves = [("engine", stars, names, f"{a}:{b}") for a, b in ((0, many // 2), (many // 2, many))]
    two = together(*halves)
    print(f"two shards on two cores: {one / two:.2f} times as fast as one ({many} realisations)")
    return rows


def beside(stars: Path, ours: dict, realisations: int) -> dict:
    """Set the engine beside a short script and, where a compiler is, beside C."""
    names, numbers = ",".join(GEOMETRIES), f"0:{realisations}"
    others = ("script", "fused") if peers.COMPILER else ("script",)
    found = {name: run(name, stars, names, numbers, repeat=3)["wall_s"] for name in others}
    ratios = {"script_over_engine": found["script"] / ours["wall_s"]}
    return ratios | {f"engine_over_{name}": ours["wall_s"] / found[name] for name in others[1:]}


def large(folder: Path) -> list[dict]:
    """Set a million stars beside the others."""
    path, names, realisations = folder / f"{10**6}.fits", ",".join(GEOMETRIES), 48
    make(path, 10**6)
    ours = run("engine", path, names, f"0:{realisations}", repeat=3)
    row = {"what": "all", "n_stars": 10**6, "realisations": realisations}
    row |= {"engine_s": ours["wall_s"], "peak_mb": ours["peak_mb"]}
    return [row | beside(path, ours, realisations)]


def grow(folder: Path, quick: bool) -> list[dict]:
    """Let stars grow at 20 realisations, realisations at the paper's stars, and both."""
    names, rows = ",".join(GEOMETRIES), []
    sizes = (10**4, 10**5) if quick else (10**4, 10**5, 10**6, 10**7)
    cases = [(n, 20) for n in sizes]
    cases += [(PAPER_STARS, n) for n in ((100, 1000) if quick else (100, 1000, 10000))]
    cases += [] if quick else [(10**5, 1000), (10**6, 1000)]
    for n_stars, n_real in cases:
        path = folder / f"{n_stars}.fits"
        if not path.exists():
            make(path, n_stars)
        small = n_stars * n_real <= 2 * 10**7
        ours = run("engine", path, names, f"0:{n_real}", repeat=3 if small else 1)
        rows.append(
            {
                "what": _grown(n_stars, n_real),
                "n_stars": n_stars,
                "realisations": n_real,
                "engine_s": ours["wall_s"],
                "peak_mb": ours["peak_mb"],
                "ns_per_star_realisation": 1e9 * ours["wall_s"] / n_stars / n_real,
            }
        )
        if n_stars > 10**6:  # 2 GB
            path.unlink()
    return rows


def _grown(n_stars: int, realisations: int) -> str:
    """Say what of a measurement is larger than elsewhere."""
    if realisations == 20:
        return "stars"
    return "realisations" if n_stars == PAPER_STARS else "both"


def plot(rows: list[dict], path: str) -> None:
    """Draw time and memory against stars and against realisations, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    for axis, what, by in zip(
        axes, ("stars", "realisations"), ("n_stars", "realisations"), strict=True
    ):
        some = [row for row in rows if row["what"] == what]
        x = [row[by] for row in some]
        axis.loglog(x, [row["engine_s"] for row in some], "o-", color="#3b6fb6", label="time (s)")
        axis.loglog(
            x, [row["peak_mb"] for row in some], "s--", color="#e69f00", label="peak memory (MB)"
        )
        other = f"{some[0]['realisations']} realisations" if what == "stars" else "10,469 stars"
        axis.set(xlabel=f"number of {what}", title=f"all geometries, {other}")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=150)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", help="where table and plot go, without ending")
    parser.add_argument("--quick", action="store_true", help="a tenth of it, in half a minute")
    one = parser.add_argument_group("one measurement (used by the above)")
    one.add_argument("--case", choices=CASES)
    one.add_argument("--stars")
    one.add_argument("--geometries")
    one.add_argument("--numbers")
    one.add_argument("--max-memory-mb", type=float, default=1000.0)
    arguments = parser.parse_args()
    if arguments.case:
        measure_here(arguments)
        return 0
    if not arguments.output:
        parser.error("--output is missing")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paper = folder / "paper.fits"
        make(paper, PAPER_STARS)
        rows = compare(paper, arguments.quick) + ([] if arguments.quick else large(folder))
        rows += grow(folder, arguments.quick)
        if peers.COMPILER:
            print(f"fused C: {peers.machine()}")
    from astropy.table import Table

    table = Table(rows=rows)
    for name in table.colnames:
        if table[name].dtype.kind == "f":
            table[name] = np.round(table[name], 3)
    print("\n".join(table.pformat(max_lines=-1, max_width=-1)))
    # Times differ from run to run, so this table is no result of the workflow.
    text_tables.write_ecsv(f"{arguments.output}.ecsv", table, {"cores": os.cpu_count()})
    plot(rows, f"{arguments.output}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
