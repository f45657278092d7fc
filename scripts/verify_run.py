#!/usr/bin/env python
"""Check that the files of a run belong together: nothing stale, mixed, cut short or miscounted.

Every table is read whole, against its checksum, and counted anew. The first thing that does not
hold is said in one line, and the report is not written.

Usage:
    python scripts/verify_run.py --catalogue catalogue.fits --stars stars.fits \\
        --ledger ledger.ecsv --halo halo.fits --accreted accreted.fits --insitu insitu.fits \\
        --summaries summaries/{xy,xz,sky,radial}/{halo,accreted,insitu}.ecsv \\
        --numbers numbers.yaml numbers.tex numbers.rst --comparison paper_comparison.ecsv \\
        --verified verified.txt
    python scripts/verify_run.py ... --second-numbers second.yaml second.tex second.rst \\
        --second-summaries second/sky/halo.ecsv second/radial/{halo,accreted,insitu}.ecsv
"""

from __future__ import annotations

import sys
from pathlib import Path

from icefire import __version__, cli
from icefire.errors import UserError
from icefire.files import formats, star_tables, text_tables, writing
from icefire.files.columns import STAR_COLUMNS
from icefire.files.metadata import COORDINATES, FINISH, SAMPLES, agreed
from icefire.measure.geometry import configured
from icefire.verify import bins, numbers, samples

ENGINE, SELECTION = "run_realisations", "select_samples"
MIN_STARS = "min_stars"
# In what a second method may differ from the first
OF_A_METHOD = {"method", "exclude_fraction", "correlated", "deconvolve"}
ALL = [(geometry, sample) for geometry in COORDINATES for sample in SAMPLES]
SECOND = [("sky", "halo"), *(("radial", sample) for sample in SAMPLES)]
NOT_CHECKED = "formulas: what is measured from which stars, and how; the project's tests do that"


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--catalogue", required=True, help="the survey table; its rows are counted")
    parser.add_argument("--stars", required=True, help="all good stars, of flag_substructure.py")
    parser.add_argument("--ledger", required=True, help="of select_samples.py (ECSV)")
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    order = f"{', '.join(COORDINATES)}, and of each {', '.join(SAMPLES)}"
    text = f"summaries (ECSV): {order}"
    parser.add_argument("--summaries", nargs="+", required=True, metavar="TABLE", help=text)
    text = "of collect_numbers.py: YAML, LaTeX macros, reST substitutions"
    parser.add_argument("--numbers", nargs=3, required=True, metavar="FILE", help=text)
    parser.add_argument("--comparison", required=True, help="of compare_with_paper.py (ECSV)")
    text = "where there is a second method: sky of the halo, radial of the three samples"
    parser.add_argument("--second-summaries", nargs="*", default=[], metavar="TABLE", help=text)
    text = "and its three files of numbers"
    parser.add_argument("--second-numbers", nargs="*", default=[], metavar="FILE", help=text)
    parser.add_argument("--verified", required=True, help="what was checked (text), written")
    return parser


def read_summaries(flag: str, paths: list[str], wanted: list[tuple[str, str]]) -> dict:
    """Read summaries in the order `wanted`; give (path, table) by geometry and sample."""
    if len(paths) != len(wanted):
        raise UserError(f"{flag} takes {len(wanted)} tables, and {len(paths)} are given")
    tables = {}
    for path, (geometry, sample) in zip(paths, wanted, strict=True):
        fraction = ("accreted_fraction",) if (geometry, sample) == ("sky", "halo") else ()
        columns = (*COORDINATES[geometry], "n_stars", *bins.MEASURED, *fraction)
        table = text_tables.read_ecsv(path, columns)
        says = table.meta.get("parameters", {}).get(ENGINE, {}).get("sample")
        if says != sample:
            raise UserError(f"{path}: its metadata say sample {says}, where {flag} has {sample}")
        tables[geometry, sample] = path, table
    return tables


def parameters_of(of_stars: dict, methods: list[dict]) -> dict[str, dict]:
    """Make sure that all tables are of one catalogue, with the same parameters; give these.

    `of_stars` are metadata and the last step that they must name, by path. The summaries of a
    second method may differ in what belongs to a method.
    """
    known = []
    for summaries in methods:
        tables = of_stars | {path: (table.meta, ENGINE) for path, table in summaries.values()}
        metas, last = ({path: pair[i] for path, pair in tables.items()} for i in (0, 1))
        known.append(agreed(metas, last))
        mine, first = known[-1][ENGINE], known[0][ENGINE]
        differ = {name for name in mine | first if mine.get(name) != first.get(name)} - OF_A_METHOD
        if differ:
            names = ", ".join(sorted(differ))
            raise UserError(
                f"{path}: made with other parameters than the first method's"
                f" ({ENGINE}: {names}); {FINISH}"
            )
    used = ((SELECTION, samples.MIN_ABS_Z), (SELECTION, samples.MIN_RADIUS), (ENGINE, MIN_STARS))
    for step, name in used:
        if name not in known[0][step]:
            path = next(path for path, (_, last) in tables.items() if last == step)
            raise UserError(f"{path}: its metadata do not name {step} {name}; make it anew")
    return known[0]


def check_summaries(summaries: dict, geometries: dict, per_bin: dict, min_stars: int) -> list:
    """Check every summary; `per_bin` has the stars per bin by sample and geometry."""
    totals: dict[str, tuple[int, int]] = {}
    for (geometry, sample), (path, table) in summaries.items():
        counts = per_bin[sample][geometry]
        measured = bins.check_summary(path, table, geometries[geometry], counts, min_stars)
        n_bins, before = totals.get(geometry, (0, 0))
        totals[geometry] = n_bins + len(table), before + measured
    path, sky = summaries["sky", "halo"]
    fractions = bins.check_fraction(path, sky, *(per_bin[s]["sky"] for s in SAMPLES[1:]))
    text = "bins, n_stars as counted anew; {} of them measured, with {} values in their order, the"
    text += " others with none"
    lines = [
        (name, f"{n_bins} {text.format(measured, len(bins.MEASURED))}")
        for name, (n_bins, measured) in totals.items()
    ]
    return [*lines, ("accreted_fraction", f"{fractions} lines of sight, as counted anew")]


def check_quotes(paths: list[str], sky, comparison: tuple, counts, source: dict, ending="") -> list:
    """Check the numbers against ledger and lines of sight, and the comparison against them."""
    quoted = text_tables.read_yaml(paths[0])
    numbers.check_source(paths[0], quoted.get("catalogue"), source)
    n_numbers = numbers.check_numbers(paths, quoted, counts, sky)
    n_values = numbers.check_comparison(*comparison, quoted, ending)
    return [
        (
            "numbers",
            f"{n_numbers} numbers of these tables; as numbers.tex and numbers.rst have them",
        ),
        ("paper_comparison", f"{len(comparison[1])} claims, {n_values} with values of the numbers"),
    ]


def work(arguments) -> None:
    # What was true of other files must not outlive them.
    Path(arguments.verified).unlink(missing_ok=True)
    columns = tuple(STAR_COLUMNS)
    stars = star_tables.StarReader(arguments.stars, columns)
    chosen = {name: star_tables.StarReader(getattr(arguments, name), columns) for name in SAMPLES}
    counted = ("n_in", "n_removed", "n_out")
    ledger = text_tables.read_ecsv(arguments.ledger, counted, ("step", "reason"))
    methods = [read_summaries("--summaries", arguments.summaries, ALL)]
    if arguments.second_summaries:
        methods.append(read_summaries("--second-summaries", arguments.second_summaries, SECOND))
    table = text_tables.read_ecsv(arguments.comparison, numbers.ANSWER, ("claim",))
    n_rows = formats.open_table(Path(arguments.catalogue)).n_rows

    of_stars = {arguments.stars: (stars.meta, "flag_substructure")}
    of_stars |= {arguments.ledger: (ledger.meta, SELECTION)}
    of_stars |= {str(reader.path): (reader.meta, SELECTION) for reader in chosen.values()}
    parameters = parameters_of(of_stars, methods)
    source = parameters["source"]
    numbers.check_source(arguments.comparison, table.meta, source)
    n_tables = len(of_stars) + sum(map(len, methods))
    lines = [("metadata", f"{n_tables} tables agree on catalogue, version and all parameters")]

    counts = samples.check_samples(stars, chosen, parameters[SELECTION], n_rows)
    lines += samples.say(counts)
    lines.append(("ledger", samples.check_ledger(arguments.ledger, ledger, counts)))
    geometries = {geometry.name: geometry for geometry in configured(parameters[ENGINE])}
    per_bin = {
        name: bins.stars_per_bin(reader, geometries.values()) for name, reader in chosen.items()
    }
    for summaries, paths, ending in zip(
        methods, (arguments.numbers, arguments.second_numbers), ("", "_second"), strict=False
    ):
        min_stars, sky = parameters[ENGINE][MIN_STARS], summaries["sky", "halo"][1]
        checked = check_summaries(summaries, geometries, per_bin, min_stars)
        comparison = arguments.comparison, table
        checked += check_quotes(paths, sky, comparison, counts, source, ending)
        lines += [(f"second {what}" if ending else what, text) for what, text in checked]
    write(arguments.verified, [*lines, ("not checked", NOT_CHECKED)], source)


def write(path: str, lines: list[tuple[str, str]], source: dict) -> None:
    """Write what was checked, for people to read, and show it in the log."""
    catalogue = source["catalogue"]
    if source["synthetic"]:
        catalogue += " (synthetic catalogue: nothing here is a measurement of the Galaxy)"
    width = max(len(what) for what, _ in lines) + 2
    text = [f"Verified by icefire {__version__}; catalogue: {catalogue}", ""]
    text += [f"{what:<{width}}{checked}" for what, checked in lines]
    writing.write_text(path, "\n".join(text) + "\n")
    print("\n".join(text))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
