#!/usr/bin/env python
"""Compare two finished runs: parameters, counts, and sigma_r and beta of every bin.

A and B are results folders, differences are B - A. Prints what differs; writes all bins as a table
and the profiles as a figure. Reads nothing but the two folders and the style sheet.

Usage:
    python scripts/compare_runs.py results results/high_z
    python scripts/compare_runs.py results results/high_z --names '|Z| > 5 kpc' '|Z| > 8 kpc' \\
        --table high_z.ecsv --figure high_z
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

from icefire import __version__, cli
from icefire.compare import differences, runs, shared_stars
from icefire.errors import UserError
from icefire.files import text_tables, writing
from icefire.files.columns import SAMPLES
from icefire.measure.geometry import COORDINATES

_STYLE = Path(__file__).resolve().parent.parent / "config" / "paper.mplstyle"
_FOLDER = "comparisons"
_NAMED = ("geometry", "sample")
_UNITS = {"sigma_r": " km/s", "beta": ""}
_DIGITS = {"sigma_r": 1, "beta": 3}
_LEDGER_COLUMNS = ("reason", "n_removed", "n_out")
_ERRORS = (
    "errors of differences: a star of both runs counts once, with the difference of its two"
    " contributions, so the two runs' intervals are not added in quadrature"
)
_OVERLAP = "bins of the maps overlap, so that neighbours differ together"


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("a", metavar="A", help="results of one run: results or results/NAME")
    parser.add_argument("b", metavar="B", help="results of another run")
    parser.add_argument(
        "--names", nargs=2, metavar=("A", "B"), help="what to call them; else as their folders"
    )
    place = f"else {_FOLDER}/A_B in the working folder, by the names of their folders"
    parser.add_argument("--table", metavar="PATH", help=f"all bins, written (ECSV); {place}.ecsv")
    parser.add_argument(
        "--figure", metavar="STEM", help=f"written as STEM.pdf and STEM.png; {place}"
    )
    parser.add_argument(
        "--style", metavar="PATH", default=_STYLE, help="matplotlib style sheet; else the paper's"
    )
    return parser


def default_stem(a: runs.Run, b: runs.Run) -> Path:
    """Give the place of the outputs that no flag names.

    Raises UserError when that is inside one of the runs.
    """
    stem = Path(_FOLDER, f"{runs.name_of(a.folder)}_{runs.name_of(b.folder)}")
    for run in (a, b):
        if stem.resolve().is_relative_to(run.folder.resolve()):
            raise UserError(
                f"{run.folder}: is where the command was given, and a run's folder is left alone;"
                " go elsewhere, or say where to write with --table and --figure"
            )
    return stem


def notes(a: runs.Run, b: runs.Run, samples: dict, compared: dict) -> list[str]:
    """Say what a reader of the differences has to know."""
    found = []
    if moved := samples["halo"]["n_moved"]:
        found.append(
            f"{moved:,} of {samples['halo']['n_both']:,} halo stars in both runs have another place"
            " or velocity: the frame, the catalogue or its column map differ"
        )
    if a.source["survey"] != b.source["survey"]:
        found.append(
            f"surveys differ ({a.source['survey']}, {b.source['survey']}): their stars are taken"
            " for different ones"
        )
    recipes = [run.parameters["run_realisations"] for run in (a, b)]
    if any(
        recipes[0].get(name) != recipes[1].get(name)
        for name in ("uncertainty_method", "uncertainty_correlated")
    ):
        found.append(
            "recipes of uncertainty differ: so do their values, of the very same stars too, by more"
            " than the errors below, which are those of chance"
        )
    for geometry in COORDINATES:
        where = compared[geometry, "halo"]["bin_in"]
        in_both, in_a, in_b = (np.count_nonzero(where == name) for name in ("both", "a", "b"))
        if in_a or in_b:
            found.append(
                f"{geometry} bins differ: {in_both} are in both runs, {in_a} only in A,"
                f" {in_b} only in B"
            )
    return [*found, _ERRORS, _OVERLAP]


# --- what is printed -------------------------------------------------------------------------


def print_table(heads: tuple[str, ...], rows: list[list[str]], left: tuple[int, ...]) -> None:
    """Print columns as wide as their texts, those numbered `left` flush left."""
    lines = [heads, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for line in lines:
        words = [
            word.ljust(width) if i in left else word.rjust(width)
            for i, (word, width) in enumerate(zip(line, widths, strict=True))
        ]
        print(("  " + "  ".join(words)).rstrip())


def parameter_text(value, name: str) -> str:
    """Write a parameter's value on one line; None is one that the run does not have."""
    if value is None:
        return "not used"
    if name.endswith("sha256"):
        return value[:8]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def number(value, digits: int = 0, sign: str = "") -> str:
    """Write a number, a dash where there is none."""
    return "-" if value is None or not np.isfinite(value) else f"{value:{sign},.{digits}f}"


def counted(a: int | None, b: int | None) -> list[str]:
    """Write two counts and their difference."""
    return [number(a), number(b), "-" if None in (a, b) else number(b - a, sign="+")]


def print_parameters(changed: list[dict]) -> None:
    print(f"\nParameters that differ: {len(changed) or 'none'}")
    for entry in changed:
        ours, theirs = (parameter_text(entry[end], entry["parameter"]) for end in "ab")
        steps = ", ".join(entry["steps"]) or "source of the stars"
        print(f"  {entry['parameter']}: {ours} -> {theirs}  ({steps})")


def print_counts(ledger: list[dict], samples: dict[str, dict]) -> None:
    rows = []
    for row in ledger:
        ours, theirs = ([row[f"{n}_{end}"] for n in _LEDGER_COLUMNS] for end in "ab")
        if ours != theirs:
            removed, left = map(counted, ours[1:], theirs[1:])
            reasons = dict.fromkeys(filter(None, (ours[0], theirs[0])))
            rows.append([row["step"], *removed, *left, " -> ".join(reasons)])
    print(f"\nLedger: {len(rows) or 'no'} of {len(ledger)} cuts differ")
    if rows:
        heads = ("removed A", "B", "B - A", "left A", "B", "B - A")
        print_table(("step", *heads, "reason"), rows, left=(0, 7))
    print("\nStars")
    heads = ("sample", "A", "B", "B - A", "in both", "only in A", "only in B")
    rows = [
        [sample, *counted(n["n_a"], n["n_b"])]
        + [number(n[key]) for key in ("n_both", "n_only_a", "n_only_b")]
        for sample, n in samples.items()
    ]
    print_table(heads, rows, left=(0,))


def print_bins(totals: list[dict]) -> None:
    print(f"\nBins with a value (beyond {differences.MANY_ERRORS:g} errors: 5 % by chance)")
    rows = []
    for row in totals:
        quantity, n = row["quantity"], row["bins_both"]
        beyond = row["bins_beyond_2_errors"]
        rows.append([row["geometry"], row["sample"], quantity])
        rows[-1] += [number(row[f"bins_{key}"]) for key in ("both", "only_a", "only_b")]
        middle = number(row["median_difference"], _DIGITS[quantity] + 1, "+")
        rows[-1] += [middle + _UNITS[quantity], f"{beyond:,} ({beyond / n:.0%})"] if n else "--"
    heads = ("in both", "only in A", "only in B", "median B - A", "beyond 2 errors")
    print_table(("geometry", "sample", "quantity", *heads), rows, left=(0, 1, 2))


def print_shells(sample: str, shells) -> None:
    """Print the shells of the whole sky in which either run has a value."""
    rows = []
    for row in shells[shells["quadrant"] == 0]:
        if not any(np.isfinite(row[f"sigma_r_{end}"]) for end in "ab"):
            continue
        n_stars = [None if n is np.ma.masked else n for n in (row["n_stars_a"], row["n_stars_b"])]
        rows.append([f"{row['r_lo']:.1f}-{row['r_hi']:.1f}", *map(number, n_stars)])
        for quantity, digits in _DIGITS.items():
            rows[-1] += [number(row[f"{quantity}_{end}"], digits) for end in "ab"]
            rows[-1].append(number(row[f"{quantity}_difference"], digits, "+"))
            rows[-1].append(number(row[f"{quantity}_difference_error"], digits))
            rows[-1].append(number(row[f"{quantity}_difference_in_errors"], 1, "+"))
    print(f"\nShells of the whole sky, {sample}")
    heads = [head for name in _DIGITS for head in (f"{name} A", "B", "B - A", "error", "in errors")]
    print_table(("r, kpc", "stars A", "B", *heads), rows, left=(0,))


# --- work ------------------------------------------------------------------------------------


def whole_table(compared: dict):
    """Join the comparisons of all geometries and samples, without bins that no run has a value in.

    A coordinate that a geometry does not have is masked.
    """
    from astropy.table import vstack

    parts = []
    for (geometry, sample), table in compared.items():
        values = [table[f"sigma_r_{end}"] for end in "ab"]
        part = table[np.any(np.isfinite(values), axis=0)]
        names = [np.full(len(part), name) for name in (geometry, sample)]
        part.add_columns(names, [0, 0], list(_NAMED))
        parts.append(part)
    joined = vstack(parts)
    coordinates = dict.fromkeys(name for names in COORDINATES.values() for name in names)
    others = [name for name in joined.colnames if name not in (*_NAMED, *coordinates)]
    return joined[[*_NAMED, *coordinates, *others]]


def work(arguments) -> None:
    from icefire.compare import figure
    from icefire.draw import page

    page.use(arguments.style)
    folders = (arguments.a, arguments.b)
    names = arguments.names or map(runs.name_of, folders)
    a, b = map(runs.read, folders, names)
    table_path, figure_stem = arguments.table, arguments.figure
    if table_path is None or figure_stem is None:
        stem = default_stem(a, b)
        table_path, figure_stem = table_path or f"{stem}.ecsv", figure_stem or str(stem)

    compared, samples, totals = {}, {}, []
    for sample in SAMPLES:
        stars = shared_stars.stars(a, b, sample)
        samples[sample] = stars.counts()
        for geometry in COORDINATES:
            table = differences.bins(a, b, geometry, sample, stars)
            compared[geometry, sample] = table
            where = {"geometry": geometry, "sample": sample}
            totals += [where | entry for entry in differences.totals(table)]
    meta = {
        "icefire_version": __version__,
        **differences.catalogues(a, b),
        "runs": {end: {"name": run.name, **run.source} for end, run in (("a", a), ("b", b))},
        "changed_parameters": differences.changed_parameters(a, b),
        "ledger": differences.ledgers(a, b),
        "samples": samples,
        "bins": totals,
        "notes": notes(a, b, samples, compared),
    }
    radial = {sample: compared["radial", sample] for sample in SAMPLES}
    figure = figure.draw(a, b, radial)
    files = argparse.Namespace(pdf=f"{figure_stem}.pdf", png=f"{figure_stem}.png")
    with writing.replacing(table_path) as temporary:
        # All three files or none
        temporary.write_text(text_tables.ecsv(whole_table(compared), meta), encoding="utf-8")
        page.save(figure, files)

    for letter, run in (("A", a), ("B", b)):
        synthetic = " (synthetic catalogue)" if run.source["synthetic"] else ""
        print(f"{letter}: {run.name}, of {run.source['catalogue']}{synthetic}")
    print_parameters(meta["changed_parameters"])
    print_counts(meta["ledger"], samples)
    print_bins(totals)
    for sample, table in radial.items():
        print_shells(sample, table)
    print()
    for line in meta["notes"]:
        print(f"note: {line}")
    print(f"written: {table_path}, {files.pdf}, {files.png}")


def main(argv: list[str] | None = None) -> int:
    try:
        status = cli.run(build_parser(), work, argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has read enough (| head); the files are written before anything is printed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
