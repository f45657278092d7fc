"""Join shards and write medians with 68 % and 95 % intervals for every bin (section 2)."""

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import text_tables
from icefire.files.columns import SOUND
from icefire.measure import dispersion, shards

# Decimals of dispersions in km/s and of the anisotropy: far below any uncertainty
_DECIMALS = 6


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--shards",
        nargs="+",
        required=True,
        help="all shards of one geometry, or the first, 0-of-N.npz, where all lie beside it; of"
        " several geometries the first of each",
    )
    parser.add_argument(
        "--fraction-of",
        nargs="*",
        default=[],
        metavar="SHARD",
        help="sky shards of the accreted and the in-situ sample: adds accreted_fraction to pixels",
    )
    text = "of count_unbound.py: adds cut_fraction to shells"
    parser.add_argument("--unbound", metavar="TABLE", help=text)
    text = "one row per bin (ECSV), written; several, in the order of their --shards"
    parser.add_argument("--summary", nargs="+", required=True, help=text)
    return parser


def accreted_fraction(accreted: np.ndarray, insitu: np.ndarray, min_stars: int) -> np.ndarray:
    """Compute the share of accreted among the stars that chemistry can tell (paper, figure 7).

    Counts per bin in, fraction per bin out; NaN where fewer than `min_stars` such stars are.
    """
    both = accreted + insitu
    return np.divide(accreted, both, out=np.full(len(both), np.nan), where=both >= min_stars)


def counts(paths: list[str], n_bins: int) -> list[np.ndarray]:
    """Read how many accreted and how many in-situ stars are in each bin from a shard of each."""
    given = [shards.read(path) for path in paths]
    samples = [one.meta["parameters"]["run_realisations"].get("sample") for one in given]
    if samples != ["accreted", "insitu"] or any(len(one.n_stars) != n_bins for one in given):
        raise UserError(
            "--fraction-of needs two shards of the same geometry: accreted, then in situ"
        )
    return [one.n_stars for one in given]


def cut_fraction(path: str, sample: str, coordinates: dict) -> np.ndarray:
    """Read which share of each shell the cut of unbound stars took, or nearly took."""
    names = ("quadrant", "r_lo", "r_hi", "cut_fraction")
    table = text_tables.read_ecsv(path, names, ("sample",))
    table = table[table["sample"] == sample]
    for name in names[:3]:
        if not np.array_equal(np.round(coordinates[name][0], 9), np.asarray(table[name])):
            raise UserError(f"{path}: column {name} has other shells than the shards; make it anew")
    return np.asarray(table["cut_fraction"])


def summary(run: shards.Run, sound: shards.Run | None):
    """Give a table with a row per bin: where it is, its stars, and every quantity's quantiles.

    Those of `sound` have names of their own.
    """
    from astropy.table import Table

    first = run.first
    table = Table()
    for name, (values, unit) in first.coordinates.items():
        # Grid points and edges are round numbers; the last digits of their sums are not.
        table[name] = np.round(values, 9)
        table[name].unit = unit
    table["n_stars"] = first.n_stars
    for infix, one in (("", run), (SOUND, sound)):
        if one is None:
            continue
        names = {q + e: q + infix + e for q in dispersion.QUANTITIES for e in dispersion.QUANTILES}
        for quantile, name in names.items():
            table[name] = np.full(len(table), np.nan)
            table[name].unit = None if quantile.startswith("beta") else "km/s"
        for bins, variance in cli.progress(one.blocks(), one.n_blocks, "summaries"):
            for quantile, values in dispersion.summarise(variance).items():
                table[names[quantile]][bins] = np.round(values, _DECIMALS)
    return table


def work(arguments) -> None:
    paths, one = arguments.shards, len(arguments.summary) == 1
    if not one and len(paths) != len(arguments.summary):
        raise UserError("--shards and --summary: several tables need the first shard of each")
    made = []
    for given, path in zip(
        [paths] if one else [[p] for p in paths], arguments.summary, strict=True
    ):
        run = shards.join(shards.all_of(given))
        first, parameters = run.first, run.first.meta["parameters"]["run_realisations"]
        beside = "uncertainty_sound" in parameters
        table = summary(run, shards.join(shards.all_of(given), sound=True) if beside else None)
        if "pixel" in first.coordinates and arguments.fraction_of:
            least = parameters["montecarlo_min_stars"]
            fraction = accreted_fraction(*counts(arguments.fraction_of, len(table)), least)
            table["accreted_fraction"] = np.round(fraction, _DECIMALS)
        if "quadrant" in first.coordinates and arguments.unbound:
            taken = cut_fraction(arguments.unbound, parameters["sample"], first.coordinates)
            table["cut_fraction"] = taken
        made.append((path, table, first.meta))
        cli.report("bins measured", run.n_measured, of=len(table))
    # None where a shard of one geometry is bad
    for path, table, meta in made:
        text_tables.write_ecsv(path, table, meta)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
