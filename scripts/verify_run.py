#!/usr/bin/env python
"""Check what a run made: ledger, samples, summaries and numbers against each other.

Everything is counted and computed again from the files, by other means than it was made. The first
thing that does not hold is said in one line, and the report is not written.

Usage:
    python scripts/verify_run.py --catalogue catalogue.fits --stars stars.fits \\
        --ledger ledger.ecsv --halo halo.fits --accreted accreted.fits --insitu insitu.fits \\
        --xy xy_halo.ecsv xy_accreted.ecsv xy_insitu.ecsv \\
        --xz xz_halo.ecsv xz_accreted.ecsv xz_insitu.ecsv \\
        --sky sky_halo.ecsv sky_accreted.ecsv sky_insitu.ecsv \\
        --radial radial_halo.ecsv radial_accreted.ecsv radial_insitu.ecsv \\
        --numbers numbers.yaml numbers.tex numbers.rst --claims resources/paper_claims.yaml \\
        --comparison paper_comparison.ecsv --verified verified.txt
    python scripts/verify_run.py ... --second-sky second_sky_halo.ecsv \\
        --second-radial second_halo.ecsv second_accreted.ecsv second_insitu.ecsv \\
        --second-numbers second.yaml second.tex second.rst
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from icefire import __version__, cli
from icefire.errors import UserError
from icefire.files import formats, star_tables, text_tables, writing
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.files.metadata import COORDINATES, agreed
from icefire.verify import checks
from icefire.verify import numbers as numbers_check
from icefire.verify.checks import broken

ENGINE = "run_realisations"
# In what a second method may differ from the first
OF_A_METHOD = (
    *("uncertainty_method", "montecarlo_exclude_fraction"),
    *("uncertainty_correlated", "dispersion_deconvolve"),
)
NOT_CHECKED = (
    "not checked",
    "membership of satellites; eccentricities; medians and intervals beyond their order",
)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--catalogue", required=True, help="the survey table; its rows are counted")
    parser.add_argument("--stars", required=True, help="all good stars, of flag_substructure.py")
    parser.add_argument("--ledger", required=True, help="of select_samples.py (ECSV)")
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    for geometry in COORDINATES:
        text = "summaries of the three samples, in any order (ECSV)"
        parser.add_argument(f"--{geometry}", nargs=3, required=True, metavar="TABLE", help=text)
    text = "of collect_numbers.py: YAML, LaTeX macros, reST substitutions"
    parser.add_argument("--numbers", nargs=3, required=True, metavar="FILE", help=text)
    parser.add_argument("--claims", required=True, help="what the paper states (YAML)")
    parser.add_argument("--comparison", required=True, help="of compare_with_paper.py (ECSV)")
    for name, what in (
        ("sky", "the halo's lines of sight"),
        ("radial", "the profiles of the three samples"),
        ("numbers", "its three files of numbers"),
    ):
        flag, text = f"--second-{name}", f"where there is a second method: {what}"
        parser.add_argument(flag, nargs="*", default=[], metavar="FILE", help=text)
    parser.add_argument("--verified", required=True, help="what was checked (text), written")
    return parser


# --- reading ---------------------------------------------------------------------------------


def read_summaries(arguments, flag: str, wanted: tuple[str, ...] = SAMPLES) -> dict:
    """Read one geometry's summaries; give (path, table) by geometry and sample.

    Raises UserError unless each of the samples `wanted` is there once.
    """
    geometry = flag.removeprefix("second_")
    found: dict[tuple, tuple] = {}
    for path in getattr(arguments, flag):
        columns = (*COORDINATES[geometry], "n_stars", *checks.MEASURED)
        table = text_tables.read_ecsv(path, columns)
        key = geometry, table.meta.get("parameters", {}).get(ENGINE, {}).get("sample")
        if key == ("sky", "halo"):
            text_tables.check_columns(path, table, ("accreted_fraction",))
        if key[1] not in wanted or key in found:
            raise UserError(
                f"{path}: its metadata say sample {key[1]}; --{flag.replace('_', '-')} takes one"
                f" summary of each of {', '.join(wanted)}"
            )
        found[key] = path, table
    return found


@dataclass(frozen=True)
class Method:
    """What one uncertainty method made: its summaries, and the numbers that quote them."""

    summaries: dict
    paths: list[str]
    numbers: dict


def read_method(summaries: dict, paths: list[str]) -> Method:
    """Read numbers.yaml beside its summaries. Raises UserError naming it where it is another."""
    numbers = text_tables.read_yaml(paths[0])
    source = numbers.get("catalogue") if isinstance(numbers, dict) else None
    if not isinstance(source, dict) or not {"catalogue", "synthetic"} <= set(source):
        raise UserError(f"{paths[0]}: holds no numbers of collect_numbers.py; make it anew")
    return Method(summaries, paths, numbers)


def read_second(arguments) -> Method | None:
    """Read what a second method made, if there is one."""
    given = arguments.second_sky, arguments.second_radial, arguments.second_numbers
    if not any(given):
        return None
    if tuple(map(len, given)) != (1, 3, 3):
        raise UserError("--second-sky, --second-radial and --second-numbers take 1, 3 and 3 files")
    summaries = read_summaries(arguments, "second_sky", ("halo",))
    return read_method(summaries | read_summaries(arguments, "second_radial"), given[2])


# --- checking --------------------------------------------------------------------------------


def settings_of(tables_: dict, methods: list[Method]) -> dict[str, dict]:
    """Make sure that all tables were made of one catalogue, with the same parameters; give these.

    A second method's summaries may differ in what belongs to a method. `tables_` are those of
    stars, by path, with the last step that each must name.
    """
    metas = {path: table.meta for path, (table, _) in tables_.items()}
    last = {path: step for path, (_, step) in tables_.items()}
    for number, method in enumerate(methods):
        for path, table in method.summaries.values():
            steps = dict(table.meta.get("parameters", {}))
            given = steps.pop(ENGINE, {})
            mine = {name: given[name] for name in given if name in OF_A_METHOD}
            settings = {name: given[name] for name in given if name not in OF_A_METHOD}
            metas[path] = {
                **table.meta,
                "parameters": {**steps, ENGINE: settings, f"method {number + 1}": mine},
            }
            last[path] = ENGINE
    found = agreed(metas, last)
    for step, names in checks.USED.items():
        for name in names:
            if name not in found[step]:
                path = next(path for path in reversed(last) if step in metas[path]["parameters"])
                raise UserError(f"{path}: its metadata do not name {step} {name}; make it anew")
    return found


def check_summaries(method: Method, counts: dict, settings: dict) -> list[tuple[str, str]]:
    """Check every summary; `counts` are stars per bin by sample and geometry."""
    total: dict[str, tuple[int, int]] = {}
    for (geometry, sample), (path, table) in method.summaries.items():
        count = counts[sample][geometry]
        measured = checks.check_summary(path, table, geometry, sample, count, settings)
        n_bins, n_measured = total.get(geometry, (0, 0))
        total[geometry] = n_bins + len(table), n_measured + measured
    path, sky = method.summaries["sky", "halo"]
    accreted, insitu = (counts[sample]["sky"][0] for sample in ("accreted", "insitu"))
    fractions = checks.check_fraction(path, sky, accreted, insitu)
    return [
        *(
            (
                geometry,
                f"{n_bins} bins, n_stars as counted anew; {measured} of them measured, with"
                f" {len(checks.MEASURED)} values in their order, the others with none",
            )
            for geometry, (n_bins, measured) in total.items()
        ),
        ("accreted_fraction", f"{fractions} lines of sight, as counted anew"),
    ]


def check_quotes(method: Method, source: dict, of_stars: dict, halo) -> list[tuple[str, str]]:
    """Check the numbers against the tables; `of_stars` are those from the ledger and samples."""
    path, tex, rst = method.paths
    says, has = method.numbers["catalogue"], {key: source[key] for key in numbers_check.SOURCE}
    if says != has:
        raise broken(path, "catalogue", says, f"the tables have {has}")
    keys = (("sky", "halo"), ("radial", "accreted"), ("radial", "insitu"))
    found = of_stars | numbers_check.of_summaries(*(method.summaries[key][1] for key in keys))
    n, again = numbers_check.check_numbers(path, method.numbers, found, halo)
    macros = numbers_check.check_macros(tex, method.numbers, path)
    texts = numbers_check.check_substitutions(rst, method.numbers, path)
    return [
        ("numbers.yaml", f"{n} numbers, {again} of them computed anew from the tables"),
        ("numbers.tex", f"{macros} macros, as numbers.yaml has them"),
        ("numbers.rst", f"{texts} substitutions, as numbers.yaml has them"),
    ]


def check_comparison(arguments, table, claims, methods: list[Method], source: dict) -> str:
    """Check the comparison with the paper, of each method."""
    path = arguments.comparison
    has = {key: source[key] for key in numbers_check.SOURCE}
    says = {key: table.meta.get(key) for key in has}
    if says != has:
        raise broken(path, "catalogue", says, f"the tables have {has}")
    said = []
    for method, ending in zip(methods, ("", "_second"), strict=False):
        values = tuple(name + ending for name in numbers_check.ANSWER)
        text_tables.check_columns(path, table, values, ("agrees" + ending,))
        numbers, quoted = method.numbers, method.paths[0]
        numbers_check.check_claims(arguments.claims, claims, numbers, quoted)
        agree = numbers_check.check_comparison(
            path, table, claims, numbers, quoted, arguments.claims, ending
        )
        said.append(f"{len(claims)} claims with the values of numbers.yaml; {agree} agree")
    return "; by the second method ".join(said)


def work(arguments) -> None:
    # What was true of other files must not outlive them.
    Path(arguments.verified).unlink(missing_ok=True)
    stars = star_tables.StarReader(arguments.stars, tuple(STAR_COLUMNS))
    samples = {
        sample: star_tables.StarReader(getattr(arguments, sample), tuple(STAR_COLUMNS))
        for sample in SAMPLES
    }
    ledger = text_tables.read_ecsv(
        arguments.ledger, ("n_in", "n_removed", "n_out"), ("step", "reason")
    )
    summaries = {}
    for geometry in COORDINATES:
        summaries |= read_summaries(arguments, geometry)
    methods = [read_method(summaries, arguments.numbers)]
    methods += [second] if (second := read_second(arguments)) else []
    claims = text_tables.read_yaml(arguments.claims)
    comparison = text_tables.read_ecsv(
        arguments.comparison, numbers_check.ANSWER, ("claim", "agrees")
    )
    n_rows = formats.open_table(Path(arguments.catalogue)).n_rows

    of_stars = {arguments.stars: (stars, "flag_substructure")}
    of_stars |= {arguments.ledger: (ledger, "select_samples")}
    of_stars |= {str(reader.path): (reader, "select_samples") for reader in samples.values()}
    settings = settings_of(of_stars, methods)
    n_tables = len(of_stars) + sum(len(method.summaries) for method in methods)
    lines = [("metadata", f"{n_tables} tables agree on catalogue, version and all parameters")]

    tally = checks.check_stars(stars, samples, settings)
    lines += checks.say_stars(stars, samples, settings, tally)
    lines.append(("ledger", checks.check_ledger(arguments.ledger, ledger, n_rows, tally, samples)))
    counts = {
        sample: checks.count_bins(reader, settings[ENGINE]) for sample, reader in samples.items()
    }
    slices = numbers_check.slices_of(methods[0].numbers, arguments.numbers[0])
    measured = numbers_check.of_ledger(ledger, tally) | numbers_check.of_samples(samples, slices)
    for number, method in enumerate(methods):
        found = check_summaries(method, counts, settings[ENGINE])
        found += check_quotes(method, settings["source"], measured, samples["halo"])
        lines += [(f"second {what}" if number else what, text) for what, text in found]
    found = check_comparison(arguments, comparison, claims, methods, settings["source"])
    lines.append(("paper_comparison", found))
    write(arguments.verified, [*lines, NOT_CHECKED], settings["source"])


def write(path: str, lines: list[tuple[str, str]], source: dict) -> None:
    """Write what was checked, for people to read, and show it in the log."""
    catalogue = source["catalogue"]
    if source["synthetic"]:
        catalogue += " (synthetic catalogue: nothing here is a measurement of the Galaxy)"
    width = max(len(what) for what, _ in lines) + 2
    text = [f"Verified by icefire {__version__}; catalogue: {catalogue}", ""]
    text += [f"{what:<{width}}{found}" for what, found in lines]
    writing.write_text(path, "\n".join(text) + "\n")
    print("\n".join(text))


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
