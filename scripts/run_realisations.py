"""Measure the dispersions of every bin in one shard's share of the realisations (section 2).

The likelihood's realisations are points of the posterior distribution; its shards share the bins.
With --uncertainty-sound another method measures the same stars, into the same files.
"""

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables
from icefire.measure import dispersion, geometry, likelihood, recipes, shards, truncation

SECTIONS = (recipes.UNCERTAINTY, recipes.DISPERSION, recipes.MONTECARLO)
# What changes no result is no parameter of the tables.
_UNNAMED = ("montecarlo_max_memory_mb",)


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", nargs="+", required=True, help="samples of select_samples.py")
    text = "their names, with commas between them; part of the random streams"
    parser.add_argument("--sample", required=True, help=text)
    parser.add_argument("--shard", type=int, required=True, help="which share, from 0")
    parser.add_argument("--shards", type=cli.count, required=True, help="into how many shares")
    for section in (*SECTIONS, *geometry.SECTIONS.values()):
        section.add_flags(parser)
    parser.set_defaults(
        uncertainty_correlated=True,
        montecarlo_exclude_fraction=0.1,
        montecarlo_max_memory_mb=1000.0,
    )
    names = ", ".join(sorted(geometry.GEOMETRIES))
    parser.add_argument(
        "--measured",
        nargs="+",
        required=True,
        metavar="NPZ",
        help=f"this shard of each sample, each {names} or what --only names, written",
    )
    text = "geometries that are measured, with commas between them; else all"
    parser.add_argument("--only", type=cli.names, metavar="NAMES", help=text)
    return parser


def measure(
    arguments,
    method: str,
    sample: str,
    reader: star_tables.StarReader,
    columns: tuple,
    bins: list,
    held_mb: float = 0.0,
) -> tuple:
    """Measure this shard's share; give what it measured and the realisations that it holds.

    Of the memory `held_mb` is taken.
    """
    montecarlo = recipes.MONTECARLO.values(arguments)
    realisations = montecarlo["realisations"]
    correlated, deconvolve = arguments.uncertainty_correlated, arguments.dispersion_deconvolve
    common = {
        "blocks": lambda: reader.blocks(columns, dispersion.STARS_AT_ONCE),
        "n_stars": reader.n_rows,
        "geometries": bins,
        "min_stars": montecarlo["min_stars"],
        "max_memory_mb": montecarlo["max_memory_mb"] - held_mb,
        "progress": cli.progress,
    }
    if method == "likelihood":
        measured = likelihood.measure(
            deconvolve=deconvolve is not False,
            correlated=correlated,
            unbound_max_sigma=truncation.max_sigma_of(reader.meta),
            realisations=realisations,
            shard=arguments.shard,
            shards=arguments.shards,
            **common,
        )
        return measured, range(realisations)
    numbers = shards.share(realisations, arguments.shard, arguments.shards)
    recipe = recipes.recipe(method, montecarlo["exclude_fraction"], correlated, deconvolve)
    measured = dispersion.measure(
        recipe=recipe, seed=montecarlo["seed"], sample=sample, numbers=numbers, **common
    )
    return measured, numbers


def work(arguments) -> None:
    realisations = arguments.montecarlo_realisations
    if not 0 <= arguments.shard < arguments.shards <= realisations:
        raise UserError(
            "--shard must be below --shards, and --shards not above --montecarlo-realisations"
        )
    bins = geometry.configured(arguments)
    bins = [kind for kind in bins if arguments.only is None or kind.name in arguments.only]
    samples, n_kinds = arguments.sample.split(","), len(bins)
    if not len(arguments.measured) == n_kinds * len(samples) == n_kinds * len(arguments.stars):
        raise UserError(f"--stars, --sample, --measured: need one, one and {n_kinds} per sample")
    columns = {name for kind in bins for name in kind.columns}
    needed = (*recipes.COLUMNS, *sorted(columns))
    methods = recipes.UNCERTAINTY.values(arguments)
    methods = [methods[key] for key in ("method", "sound") if key in methods]
    if "likelihood" in methods:
        needed = (*needed, *truncation.COLUMNS)
    parameters = cli.parameters(arguments, *SECTIONS, *geometry.SECTIONS.values())
    parameters = {name: value for name, value in parameters.items() if name not in _UNNAMED}
    paths = iter(arguments.measured)
    for sample, stars in zip(samples, arguments.stars, strict=True):
        reader = star_tables.StarReader(stars, needed)
        found, held_mb = [], 0.0
        for method in methods:
            found.append(measure(arguments, method, sample, reader, needed, bins, held_mb))
            held_mb = 1e-6 * sum(one.variance.nbytes for one in found[0][0].values())
        meta = metadata.add_step(reader.meta, "run_realisations", {"sample": sample, **parameters})
        for kind in sorted(bins, key=lambda kind: kind.name):
            (measurement, numbers), *sound = [(one[kind.name], its) for one, its in found]
            shards.write(next(paths), kind, measurement, numbers, meta, *sound)
            cli.report(f"{kind.name}: bins measured", len(measurement.bins), kind.n_bins)
        cli.report("stars", reader.n_rows)
    cli.report("realisations", len(numbers), realisations)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
