"""Collect every number a manuscript quotes, as YAML, LaTeX macros and reStructuredText."""

from icefire import cli
from icefire.files import text_tables
from icefire.files.columns import SAMPLES
from icefire.numbers import bins, collect, texts

NUMBERS = cli.Section("numbers", {"feh_slices": cli.ranges})
JEANS = cli.Section("jeans", {"quoted_kpc": lambda text: cli.numbers(text) if text else ()})


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--ledger", required=True, help="of select_samples.py")
    parser.add_argument("--clean", required=True, help="good stars, of clean_catalog.py")
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    for name in collect.SUMMARIES:
        parser.add_argument(f"--{name.replace('_', '-')}", required=True, help="summary (ECSV)")
    parser.add_argument("--asymmetry", required=True, help="of test_asymmetry.py (ECSV)")
    parser.add_argument("--judged", required=True, help="of judge_claims.py (YAML)")
    for name in ("masses", "spread"):
        parser.add_argument(f"--{name}", required=True, help="of compute_jeans.py (ECSV)")
    bins.add_flags(parser)
    NUMBERS.add_flags(parser)
    JEANS.add_flags(parser)
    parser.add_argument("--yaml", required=True, help="numbers (YAML), written")
    parser.add_argument("--tex", required=True, help="the same as LaTeX macros, written")
    parser.add_argument("--rst", required=True, help="the same as reST substitutions, written")
    return parser


def work(arguments) -> None:
    tables = collect.read(vars(arguments))
    numbers = collect.numbers(tables, arguments.numbers_feh_slices, arguments.jeans_quoted_kpc)
    text_tables.write_yaml(arguments.yaml, numbers)
    text_tables.write_sealed_text(arguments.tex, texts.macros(numbers), "%")
    text_tables.write_sealed_text(arguments.rst, texts.substitutions(numbers), "..")
    cli.report("stars of the halo sample", tables.samples["halo"].n_rows)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
