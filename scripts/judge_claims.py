"""Measure what the stars answer to the paper's kinematic claims, and what permuted stars would."""

from dataclasses import asdict

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import SAMPLES
from icefire.judge import published
from icefire.judge.answers import FAR_KPC, answers
from icefire.judge.asymmetry import Settings, compositions
from icefire.judge.permuted import COLUMNS, halo_of
from icefire.measure.geometry import SECTIONS, HealpixSky, RadialShells

_SOURCE = ("catalogue", "survey", "synthetic", "icefire_version")


def build_parser():
    parser = cli.parser(__doc__)
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS)")
    parser.add_argument("--asymmetry", required=True, help="of test_asymmetry.py (ECSV)")
    for name in ("sigma-r", "beta"):
        parser.add_argument(f"--literature-{name}", help="published values (ECSV)", required=True)
    for name in ("sky", "radial"):
        SECTIONS[name].add_flags(parser)
    parser.add_argument("--judged", required=True, help="answers (YAML), written")
    return parser


def read_published(arguments, shells: RadialShells) -> dict[str, published.Published]:
    """Read the published values that claims are about, by their names in `Halo`."""
    coordinates = {name: values for name, (values, _) in shells.coordinates().items()}
    edges = np.unique([coordinates["r_lo"], coordinates["r_hi"]])
    sigma_r = published.read(arguments.literature_sigma_r, ("sigma_r", "sigma_los"), edges)
    far = sigma_r.r_kpc[1] > FAR_KPC
    beta = published.read(arguments.literature_beta, ("beta",), edges)
    return {"near": sigma_r.where(~far), "far": sigma_r.where(far), "beta": beta}


def work(arguments) -> None:
    paths = {sample: getattr(arguments, sample) for sample in SAMPLES}
    readers = {name: star_tables.StarReader(path, COLUMNS) for name, path in paths.items()}
    table = text_tables.read_ecsv(arguments.asymmetry, ("p", "n"), ("test", "sample", "fixed"))
    source = {key: readers["halo"].meta.get(key) for key in _SOURCE}
    metas = {paths[name]: readers[name].meta for name in SAMPLES}
    for path, meta in (metas | {arguments.asymmetry: table.meta}).items():
        if meta.get("samples") != readers["halo"].meta.get("samples"):
            raise UserError(f"{path}: is not of the run of {paths['halo']}")
    stars = {name: reader.all(COLUMNS) for name, reader in readers.items()}
    shells = RadialShells(**SECTIONS["radial"].values(arguments))
    halo = halo_of(
        stars["halo"],
        compositions(*stars.values())["population"],
        HealpixSky(**SECTIONS["sky"].values(arguments)),
        shells,
        read_published(arguments, shells),
    )
    # The same stars are permuted in the same way: the table of the tests says how.
    settings = Settings.of(
        metadata.parameters_of(table.meta, "test_asymmetry", arguments.asymmetry)
    )
    judged = answers(halo, table, settings)
    content = {"catalogue": source, "settings": asdict(settings), "judged": judged}
    text_tables.write_yaml(arguments.judged, content)
    cli.report("permutations of every null", settings.permutations)


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
