"""Compare finished runs: parameters, counts, hot axes, and sigma_r and beta of every bin.

A, B and so on are results folders; every other run is compared with A, and differences are those
from A. Prints what differs; writes all bins as a table and the profiles as a figure. Reads nothing
but the folders and the style sheet.

Usage:
    python scripts/compare_runs.py results results/high_z
    python scripts/compare_runs.py results results/high_z results/segue_kgiants
    python scripts/compare_runs.py results results/high_z --names '|Z| > 5 kpc' '|Z| > 8 kpc' \\
        --table high_z.ecsv --figure high_z
"""

import argparse
import contextlib
import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from icefire import __version__, cli
from icefire.compare import differences, runs, shared_stars
from icefire.errors import UserError
from icefire.files import text_tables, writing
from icefire.files.columns import SAMPLES
from icefire.files.metadata import MOST_BESIDE, name_of
from icefire.measure.geometry import COORDINATES
from icefire.numbers.quoting import written

_STYLE = Path(__file__).resolve().parent.parent / "config" / "paper.mplstyle"
_FOLDER = "comparisons"
_LETTERS = "abcdef"
_NAMED = ("run", "geometry", "sample")
_UNITS = {"sigma_r": " km/s", "beta": ""}
_DIGITS = {"sigma_r": 1, "beta": 3}
_AXIS = "xy_direction_deg"
_ERRORS = (
    "errors of differences: a star of both runs counts once, with the difference of its two"
    " contributions, so the two runs' intervals are not added in quadrature"
)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("a", metavar="A", help="results of one run: results or results/NAME")
    parser.add_argument("others", metavar="B", nargs="+", help="results of up to five other runs")
    parser.add_argument(
        "--names", nargs="+", metavar="NAME", help="what to call them, all; else as their folders"
    )
    place = f"else {_FOLDER}/A_B in the working folder, by the names of their folders"
    parser.add_argument("--table", metavar="PATH", help=f"all bins, written (ECSV); {place}.ecsv")
    parser.add_argument(
        "--figure", metavar="STEM", help=f"written as STEM.pdf and STEM.png; {place}"
    )
    parser.add_argument("--text", metavar="PATH", help="what is printed, written there, too")
    parser.add_argument(
        "--style", metavar="PATH", default=_STYLE, help="matplotlib style sheet; else the paper's"
    )
    return parser


def read_runs(arguments) -> dict[str, runs.Run]:
    """Read all runs, by their letters. Raises UserError when too many or wrongly named."""
    folders = (arguments.a, *arguments.others)
    if len(folders) > 1 + MOST_BESIDE:
        raise UserError(f"{len(folders)} runs are more than {1 + MOST_BESIDE}; compare fewer")
    names = arguments.names or [name_of(folder) for folder in folders]
    if len(names) != len(folders):
        raise UserError(f"--names has {len(names)} names for {len(folders)} runs; give all or none")
    return dict(zip(_LETTERS, map(runs.read, folders, names), strict=False))


def default_stem(compared: Mapping[str, runs.Run]) -> Path:
    """Give the place of outputs that no flag names; raises UserError when that is inside a run."""
    stem = Path(_FOLDER, "_".join(name_of(run.folder) for run in compared.values()))
    for run in compared.values():
        if stem.resolve().is_relative_to(run.folder.resolve()):
            raise UserError(
                f"{run.folder}: is where the command was given, and a run's folder is left alone;"
                " go elsewhere, or say where to write with --table and --figure"
            )
    return stem


def notes(letter: str, a: runs.Run, b: runs.Run, samples: dict, tables: dict) -> list[str]:
    """Say what a reader of the differences of run `letter` from the first has to know."""
    pair = f"A and {letter}: "
    found = []
    if moved := samples["halo"]["n_moved"]:
        found.append(
            f"{pair}{moved:,} of {samples['halo']['n_both']:,} halo stars in both runs have another"
            " place or velocity: the frame, the catalogue or its column map differ"
        )
    if a.source["survey"] != b.source["survey"]:
        found.append(
            f"{pair}surveys differ ({a.source['survey']}, {b.source['survey']}): their stars are"
            " taken for different ones"
        )
    recipes = [run.parameters["run_realisations"] for run in (a, b)]
    if any(
        recipes[0].get(name) != recipes[1].get(name)
        for name in ("uncertainty_method", "uncertainty_correlated")
    ):
        found.append(
            f"{pair}recipes of uncertainty differ: so do their values, of the very same stars too,"
            " by more than the errors below, which are those of chance"
        )
    for geometry in COORDINATES:
        where = tables[geometry, "halo"]["bin_in"]
        in_both, in_a, in_b = (np.count_nonzero(where == name) for name in ("both", "a", "b"))
        if in_a or in_b:
            found.append(
                f"{pair}{geometry} bins differ: {in_both} are in both runs, {in_a} only in A,"
                f" {in_b} only in {letter}"
            )
    return found


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


def print_parameters(changed: list[dict], letters: str) -> None:
    print(f"\nParameters that differ: {len(changed) or 'none'}")
    for entry in changed:
        values: dict[str, str] = {}
        for letter in letters:
            text = parameter_text(entry[letter], entry["parameter"])
            values[text] = values.get(text, "") + letter.upper()
        said = "; ".join(f"{', '.join(having)}: {text}" for text, having in values.items())
        steps = ", ".join(entry["steps"]) or "source of the stars"
        print(f"  {entry['parameter']}: {said}  ({steps})")


def print_counts(ledger: list[dict], samples: dict, letters: str) -> None:
    """Print the rows of the ledger that differ, and the stars of each sample; `samples` by run."""
    rows = []
    for row in ledger:
        reasons, *counts = ([row[f"{n}_{x}"] for x in letters] for n in differences.LEDGER)
        if any(len(set(values)) > 1 for values in (reasons, *counts)):
            reason = " -> ".join(dict.fromkeys(filter(None, reasons)))
            rows.append([row["step"], *(number(n) for values in counts for n in values), reason])
    print(f"\nLedger: {len(rows) or 'no'} of {len(ledger)} cuts differ")
    if rows:
        heads = [f"{n} {x}" for n in ("removed", "left") for x in letters.upper()]
        print_table(("step", *heads, "reason"), rows, left=(0, len(heads) + 1))
    print("\nStars")
    others = letters[1:].upper()
    rows = [
        [sample, number(samples[others[0]][sample]["n_a"])]
        + [number(samples[letter][sample]["n_b"]) for letter in others]
        + [number(samples[letter][sample]["n_both"]) for letter in others]
        for sample in SAMPLES
    ]
    heads = ("sample", *letters.upper(), *(f"in A and {letter}" for letter in others))
    print_table(heads, rows, left=(0,))


def print_axes(compared: Mapping[str, runs.Run]) -> None:
    """Print in which direction stars are hot, and how often permuted stars would be as much so."""
    print("\nHot axis in X and Y, from +X toward +Y (68 %), and p of a sphere")
    rows = []
    for letter, run in compared.items():
        rows.append([letter.upper()])
        for sample in ("halo", "accreted"):
            said = run.judged[sample][_AXIS]
            value, low, high = (number(said[key]) for key in ("value", "lo68", "hi68"))
            where = "no direction" if said["value"] is None else f"{value} ({low} to {high}) deg"
            p = "-" if said["p"] is None else f"{said['p']:.2g}"
            rows[-1] += [where, p]
    print_table(("run", "halo", "p", "accreted", "p"), rows, left=(0,))


def print_shells(sample: str, quantity: str, tables: Mapping) -> None:
    """Print the shells of the whole sky in which any run has a value; `tables` by letter."""
    digits, symbol = _DIGITS[quantity], written(quantity)
    heads = [f"{what}{x}" for what in ("stars ", f"{symbol} ") for x in ("A", *tables)]
    heads += [f"{x} - A (in errors)" for x in tables]
    rows: dict[str, dict] = {}
    for letter, shells in tables.items():
        for row in shells[shells["quadrant"] == 0]:
            line = rows.setdefault(f"{row['r_lo']:.1f}-{row['r_hi']:.1f}", {})
            for end, x in (("a", "A"), ("b", letter)):
                if row["bin_in"] in ("both", end):
                    line[f"stars {x}"] = number(row[f"n_stars_{end}"])
                    line[f"{symbol} {x}"] = number(row[f"{quantity}_{end}"], digits)
            named = [f"{quantity}_difference{part}" for part in ("", "_error", "_in_errors")]
            if np.isfinite(row[named[0]]):
                change, error = number(row[named[0]], digits, "+"), number(row[named[1]], digits)
                in_errors = number(row[named[2]], 1, "+")
                line[f"{letter} - A (in errors)"] = f"{change} ± {error} ({in_errors})"
    print(f"\nShells of the whole sky, {sample}: {symbol}{_UNITS[quantity].replace(' ', ', ')}")
    lines = [[place, *(line.get(head, "-") for head in heads)] for place, line in rows.items()]
    measured = [line for line in lines if set(line[1 + len(tables) + 1 :]) != {"-"}]
    print_table(("r, kpc", *heads), measured, left=(0,))


# --- work ------------------------------------------------------------------------------------


def whole_table(compared: Mapping):
    """Join all comparisons, without bins that neither run of a pair has a value in.

    A coordinate that a geometry does not have is masked.
    """
    from astropy.table import vstack

    parts = []
    for named, table in compared.items():
        values = [table[f"sigma_r_{end}"] for end in "ab"]
        part = table[np.any(np.isfinite(values), axis=0)]
        part.add_columns([np.full(len(part), name) for name in named], [0, 0, 0], list(_NAMED))
        parts.append(part)
    joined = vstack(parts)
    coordinates = dict.fromkeys(name for names in COORDINATES.values() for name in names)
    others = [name for name in joined.colnames if name not in (*_NAMED, *coordinates)]
    return joined[[*_NAMED, *coordinates, *others]]


def compare(found: Mapping[str, runs.Run]) -> tuple[dict, dict]:
    """Compare every other run with the first.

    Gives tables of bins by run (B, C ...), geometry and sample, and what the metadata say.
    """
    a, *others = found.values()
    compared, samples, said = {}, {}, []
    for letter, b in zip([*found][1:], others, strict=True):
        run = letter.upper()
        stars = {sample: shared_stars.stars(a, b, sample) for sample in SAMPLES}
        samples[run] = {sample: one.counts() for sample, one in stars.items()}
        tables = {
            (geometry, sample): differences.bins(a, b, geometry, sample, stars[sample])
            for sample in SAMPLES
            for geometry in COORDINATES
        }
        compared |= {(run, *named): table for named, table in tables.items()}
        said += notes(run, a, b, samples[run], tables)
    return compared, {
        "icefire_version": __version__,
        **differences.catalogues(found),
        "runs": {letter: {"name": run.name, **run.source} for letter, run in found.items()},
        "changed_parameters": differences.changed_parameters(found),
        "ledger": differences.ledgers(found),
        "samples": samples,
        "hot_axis": {
            letter: {sample: run.judged[sample][_AXIS] for sample in ("halo", "accreted")}
            for letter, run in found.items()
        },
        "notes": [*said, _ERRORS],
    }


def print_all(found: Mapping[str, runs.Run], compared: Mapping, meta: dict) -> None:
    letters = "".join(found)
    for letter, run in found.items():
        synthetic = " (synthetic catalogue)" if run.source["synthetic"] else ""
        print(f"{letter.upper()}: {run.name}, of {run.source['catalogue']}{synthetic}")
    print_parameters(meta["changed_parameters"], letters)
    print_counts(meta["ledger"], meta["samples"], letters)
    print_axes(found)
    for sample in SAMPLES:
        tables = {x: compared[x, "radial", sample] for x in letters[1:].upper()}
        for quantity in _DIGITS:
            print_shells(sample, quantity, tables)
    print()
    for line in meta["notes"]:
        print(f"note: {line}")


def work(arguments) -> None:
    from icefire.compare import figure
    from icefire.draw import page

    page.use(arguments.style)
    found = read_runs(arguments)
    table_path, figure_stem = arguments.table, arguments.figure
    if table_path is None or figure_stem is None:
        stem = default_stem(found)
        table_path, figure_stem = table_path or f"{stem}.ecsv", figure_stem or str(stem)
    compared, meta = compare(found)
    body = figure.draw(found, compared)
    files = argparse.Namespace(pdf=f"{figure_stem}.pdf", png=f"{figure_stem}.png")
    with writing.replacing(table_path) as temporary:
        # All three files or none
        temporary.write_text(text_tables.ecsv(whole_table(compared), meta), encoding="utf-8")
        page.save(body, files)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_all(found, compared, meta)
    if arguments.text:
        writing.write_text(arguments.text, printed.getvalue())
    print(printed.getvalue(), end="")
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
