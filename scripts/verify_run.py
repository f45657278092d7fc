"""Check that the files of a run belong together: nothing stale, mixed, cut short or miscounted.

Every table is read whole, against its checksum, and counted anew. The first thing that does not
hold is said in one line, and the report is not written.
"""

from pathlib import Path

from icefire import __version__, cli
from icefire.errors import UserError
from icefire.files import star_tables, text_tables, writing
from icefire.files.columns import SAMPLES, STAR_COLUMNS
from icefire.files.metadata import FINISH, agreed
from icefire.measure.geometry import COORDINATES, configured
from icefire.surveys.formats import open_table
from icefire.surveys.maps import read_survey_map
from icefire.verify import bins, numbers, samples

ENGINE, SELECTION, MIN_STARS = "run_realisations", "select_samples", "montecarlo_min_stars"
MEASURED = "bins measured, n_stars as counted anew, each median within its intervals"
WANTED = [(geometry, sample) for geometry in sorted(COORDINATES) for sample in SAMPLES]


def build_parser():
    parser = cli.parser(__doc__)
    for name, text in (
        ("catalogue", "the survey table; its rows are counted"),
        ("survey", "its column map, which may say which of the file's tables it is"),
        ("stars", "all good stars, of flag_substructure.py"),
        ("ledger", "of select_samples.py (ECSV)"),
        *((sample, f"{sample} sample (FITS)") for sample in SAMPLES),
        ("comparison", "of compare_with_paper.py (ECSV)"),
        ("verified", "what was checked (text), written"),
    ):
        parser.add_argument(f"--{name}", required=True, help=text)
    text = f"of {', '.join(sorted(COORDINATES))}, each {', '.join(SAMPLES)}"
    parser.add_argument("--summaries", nargs="+", required=True, metavar="TABLE", help=text)
    text = "of collect_numbers.py: YAML, TeX, reST"
    parser.add_argument("--numbers", nargs=3, required=True, metavar="FILE", help=text)
    return parser


def read_summaries(paths: list[str]) -> list[tuple]:
    """Read all summaries; give geometry, sample, path and table of each."""
    if len(paths) != len(WANTED):
        raise UserError(f"--summaries: {len(paths)} are given, where {len(WANTED)} are wanted")
    summaries = []
    for path, (geometry, sample) in zip(paths, WANTED, strict=True):
        table = text_tables.read_ecsv(path, (*COORDINATES[geometry], "n_stars"))
        measured = [name + end for name in bins.quantities(table.meta) for end in bins.ASCENDING]
        text_tables.check_columns(path, table, measured)
        says = table.meta.get("parameters", {}).get(ENGINE, {}).get("sample")
        if says != sample:
            raise UserError(f"{path}: its metadata say sample {says}, where {sample} is wanted")
        summaries.append((geometry, sample, path, table))
    return summaries


def parameters_of(metas: dict[str, dict], last: dict[str, str], summaries: list[tuple]) -> dict:
    """Make sure that all tables are of one catalogue, with the same parameters; give these.

    `metas` and `last` are of the tables of stars: metadata and the last step in them, by path.
    """
    for *_, path, table in summaries:
        metas[path], last[path] = table.meta, ENGINE
    parameters = agreed(metas, last)
    if (version := parameters["source"]["icefire_version"]) != __version__:
        raise UserError(f"{path}: made by icefire {version}, and this is {__version__}; {FINISH}")
    return parameters


def work(arguments) -> None:
    # What was true of other files must not outlive them.
    Path(arguments.verified).unlink(missing_ok=True)
    columns = tuple(STAR_COLUMNS)
    stars = star_tables.StarReader(arguments.stars, columns)
    chosen = {name: star_tables.StarReader(getattr(arguments, name), columns) for name in SAMPLES}
    ledger = text_tables.read_ecsv(arguments.ledger, samples.LEDGER, ("step", "reason"))
    summaries = read_summaries(arguments.summaries)
    comparison = text_tables.read_ecsv(arguments.comparison, numbers.ANSWER, ("claim",))
    survey = read_survey_map(arguments.survey)
    n_rows = open_table(Path(arguments.catalogue), chosen=survey.table).n_rows

    metas = {arguments.stars: stars.meta, arguments.ledger: ledger.meta}
    metas |= {str(reader.path): reader.meta for reader in chosen.values()}
    last = dict.fromkeys(metas, SELECTION) | {arguments.stars: "flag_substructure"}
    parameters = parameters_of(metas, last, summaries)
    source, engine = parameters["source"], parameters[ENGINE]
    removed, neither = samples.check_samples(stars, chosen, parameters[SELECTION])
    counts = {name: reader.n_rows for name, reader in chosen.items()}
    counts |= {"rows": n_rows, "good": stars.n_rows}
    counts |= zip(("unknown_chemistry", "neither_accreted_nor_insitu"), neither, strict=True)
    samples.check_ledger(arguments.ledger, ledger, counts, removed)
    geometries = {geometry.name: geometry for geometry in configured(engine)}
    measured = dict.fromkeys(geometries, 0)
    for name, sample, path, table in summaries:
        n_stars, least = bins.stars_per_bin(chosen[sample], geometries[name]), engine[MIN_STARS]
        measured[name] += bins.check_summary(path, table, geometries[name], n_stars, least)
    (sky,) = (table for *key, _, table in summaries if key == ["sky", "halo"])
    known = numbers.check_numbers(arguments.numbers, sky, counts, source)
    numbers.check_comparison(arguments.comparison, comparison, known, source)
    lines = {
        "tables": f"{len(metas)} agree on catalogue, version and all parameters",
        "halo": f"{counts['halo']} rows: the good stars that pass the cuts, each once",
        "accreted": f"{counts['accreted']} rows of the halo",
        "insitu": f"{counts['insitu']} rows of the halo, none of them accreted",
        "ledger": f"{len(ledger)} rows add up, from the survey's {n_rows} to the samples",
        **{name: f"{n_bins} {MEASURED}" for name, n_bins in measured.items()},
        "numbers": "of these tables; numbers.tex and numbers.rst are made of numbers.yaml",
        "comparison": f"{len(comparison)} claims, with these numbers",
    }
    write(arguments.verified, lines, source)


def write(path: str, lines: dict[str, str], source: dict) -> None:
    """Write what was checked, for people to read, and show it in the log."""
    catalogue = source["catalogue"]
    if source["synthetic"]:
        catalogue += " (synthetic catalogue: nothing here is a measurement of the Galaxy)"
    text = [f"Verified by icefire {__version__}; catalogue: {catalogue}", ""]
    text += [f"{what:<12}{checked}" for what, checked in lines.items()]
    writing.write_text(path, "\n".join(text) + "\n")
    print("\n".join(text))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
