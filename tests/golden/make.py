"""Small tables of what the figures of the quick run show, to compare later runs with.

    snakemake --cores 2 --configfile config/quick.yaml
    python tests/golden/make.py

writes one table per figure beside this file. Do so only where a change of the figures' data is
meant, and read what `git diff --stat tests/golden` says: it belongs to the change.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.table import Table

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "scripts"))

import plot_chemistry  # noqa: E402
import plot_velocity_errors  # noqa: E402
from icefire.files.columns import SAMPLES, SOUND  # noqa: E402
from icefire.files.star_tables import StarReader  # noqa: E402
from icefire.files.text_tables import write_ecsv  # noqa: E402

# Decimals kept, and how far a number may be off; counts must be equal. By unit.
DECIMALS = {"km / s": 3, "kpc": 4, "deg": 4, "": 5}
TOLERANCES = {"km / s": 0.05, "kpc": 0.005, "deg": 0.001, "": 0.001}
# Bins of the chemistry in a block, in both directions
BLOCK = 5


def summary(results: Path, geometry: str, sample: str) -> Table:
    return Table.read(results / "summaries" / geometry / f"{sample}.ecsv")


def footprint(results: Path) -> Table:
    """Fields and their stars in cells of 30 deg by a tenth of the sky's sin b."""
    fields = Table.read(results / "catalog" / "fields.ecsv")
    edges = np.linspace(0, 360, 13), np.linspace(-1, 1, 11)
    place = fields["l"], np.sin(np.radians(fields["b"]))
    n_fields, n_stars = (
        np.histogram2d(*place, edges, weights=weights)[0].astype(int)
        for weights in (None, fields["n_stars"])
    )
    l_deg, sin_b = np.meshgrid(edges[0][:-1], edges[1][:-1], indexing="ij")
    cells = {"l": l_deg, "sin_b": sin_b, "n_fields": n_fields, "n_stars": n_stars}
    return Table({name: np.ravel(values) for name, values in cells.items()}, units={"l": "deg"})


def chemistry(results: Path) -> Table:
    """Stars of both panels in blocks of the figure's bins."""
    panels = {
        "giants": plot_chemistry.count_tracers(StarReader(results / "catalog" / "stars.fits")),
        "halo": plot_chemistry.count_halo(StarReader(results / "samples" / "halo.fits")),
    }
    edges = plot_chemistry.FEH_EDGES[:-1:BLOCK], plot_chemistry.AFE_EDGES[:-1:BLOCK]
    feh, afe = np.meshgrid(*edges, indexing="ij")
    table = Table({"feh": feh.ravel(), "afe": afe.ravel()})
    for name, panel in panels.items():
        counts = panel.plane
        for axis in (0, 1):
            counts = np.add.reduceat(counts, range(0, counts.shape[axis], BLOCK), axis)
        table[f"n_{name}"] = counts.ravel()
    return table


def velocity_errors(results: Path) -> Table:
    """Median errors in the 99 bins of radius."""
    halo = plot_velocity_errors.read_halo(StarReader(results / "samples" / "halo.fits"))
    names = ["r", *(name for name, *_ in plot_velocity_errors.COMPONENTS)]
    bins = plot_velocity_errors.percentile_bins(halo["r"], 99)
    columns = [halo[name] for name in names]
    _, medians, _ = plot_velocity_errors.binned_quantiles(bins, columns, 99)
    units = {name: "kpc" if name == "r" else "km / s" for name in names}
    return Table(dict(zip(names, medians, strict=True)), units=units)


def maps(geometry: str, *places: str) -> Callable[[Path], Table]:
    """Counts and sigma_r of the three samples, bin beside bin."""

    def beside(results: Path) -> Table:
        table = summary(results, geometry, "halo")[places]
        for sample in SAMPLES:
            one = summary(results, geometry, sample)
            table[f"n_{sample}"] = one["n_stars"]
            table[f"sigma_r_{sample}"] = one["sigma_r"]
        return table

    return beside


def sound(quantity: str) -> list[str]:
    return [f"{quantity}{SOUND}{end}" for end in ("", "_lo68", "_hi68")]


def lines_of_sight(quantity: str) -> Callable[[Path], Table]:
    """Lines of sight with their accreted fraction, a quantity and its 68 % interval."""
    names = ["pixel", "n_stars", "accreted_fraction"]
    names += [quantity, f"{quantity}_lo68", f"{quantity}_hi68", *sound(quantity)]
    return lambda results: summary(results, "sky", "halo")[names]


def profile(quantity: str, sample: str) -> Callable[[Path], Table]:
    """Profiles with both intervals; of sigma_r that of the whole sky only."""
    names = ["quadrant", "r_mid", "n_stars", quantity]
    names += [f"{quantity}_{end}{percent}" for percent in (68, 95) for end in ("lo", "hi")]
    names += sound(quantity)

    def rows(results: Path) -> Table:
        table = summary(results, "radial", sample)[names]
        return table if quantity == "beta" else table[table["quadrant"] == 0]

    return rows


# Of every figure the tables behind it: file name, and how it is made from a run's results.
TABLES = {
    "fig01_footprint": footprint,
    "fig02_chemistry": chemistry,
    "fig03_velocity_errors": velocity_errors,
    "fig04_sigma_xy": maps("xy", "x", "y"),
    "fig05_sigma_xz": maps("xz", "x", "z"),
    "fig06_sigma_sky": maps("sky", "pixel"),
    "fig07_sigma_vs_accreted": lines_of_sight("sigma_r"),
    "fig08_beta_vs_accreted": lines_of_sight("beta"),
    "fig09_sigma_profile_accreted": profile("sigma_r", "accreted"),
    "fig09_sigma_profile_insitu": profile("sigma_r", "insitu"),
    "fig10_beta_profile": profile("beta", "halo"),
}


def unit(column) -> str:
    return str(column.unit or "")


def make(results: Path, name: str) -> Table:
    """Give the table behind a figure of a finished run, rounded as it is kept."""
    table = TABLES[name](results)
    for column in table.itercols():
        if column.dtype.kind == "f":
            column[:] = np.round(column, DECIMALS[unit(column)])
    return table


def main(argv: list[str]) -> None:
    results = Path(argv[0] if argv else HERE.parents[1] / "results" / "quick")
    for name in TABLES:
        write_ecsv(HERE / f"{name}.ecsv", make(results, name), {"figure": name})


if __name__ == "__main__":
    main(sys.argv[1:])
