#!/usr/bin/env python
"""Select the halo, split it by chemistry, and close the ledger (paper, section 2).

Usage:
    python scripts/select_samples.py --stars stars.fits --min-abs-z-kpc 5 --min-radius-kpc 10 \\
        --method polygon \\
        --insitu-polygon=-1.4,0.6:-0.45,0.125:-0.45,-0.6:1,-0.6:1,0.6 \\
        --halo halo.fits --accreted accreted.fits --insitu insitu.fits --ledger ledger.ecsv
    python scripts/select_samples.py ... --method feh_ranges --insitu-min-feh=-0.7 \\
        --accreted-max-feh=-1.0
"""

from __future__ import annotations

import sys
from contextlib import ExitStack

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables
from icefire.files.columns import STAR_COLUMNS
from icefire.stars import cuts
from icefire.stars.ledger import Ledger, remove

SAMPLES = ("halo", "accreted", "insitu")


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--stars", required=True, help="all stars, of flag_substructure.py")
    parser.add_argument("--min-abs-z-kpc", type=cli.finite, required=True, help="to be exceeded")
    parser.add_argument("--min-radius-kpc", type=cli.finite, required=True, help="to be exceeded")
    parser.add_argument("--method", choices=("polygon", "feh_ranges"), required=True)
    parser.add_argument("--insitu-polygon", type=cli.polygon, metavar="FEH,AFE:...")
    parser.add_argument("--insitu-min-feh", type=cli.finite, help="dex, with feh_ranges")
    parser.add_argument("--accreted-max-feh", type=cli.finite, help="dex, with feh_ranges")
    for sample in SAMPLES:
        parser.add_argument(f"--{sample}", required=True, help=f"{sample} sample (FITS), written")
    parser.add_argument("--ledger", required=True, help="the ledger (ECSV), written")
    return parser


def chemistry(arguments) -> cuts.Polygon | cuts.FehRanges:
    """Make the chemical selection that the flags ask for."""
    if arguments.method == "polygon":
        if not arguments.insitu_polygon:
            raise UserError("--insitu-polygon is missing: --method polygon needs its vertices")
        return cuts.Polygon(arguments.insitu_polygon)
    if arguments.insitu_min_feh is None or arguments.accreted_max_feh is None:
        raise UserError("--method feh_ranges needs --insitu-min-feh and --accreted-max-feh")
    if arguments.insitu_min_feh < arguments.accreted_max_feh:
        raise UserError(
            "--insitu-min-feh must not be below --accreted-max-feh: a star cannot be in both"
        )
    return cuts.FehRanges(arguments.insitu_min_feh, arguments.accreted_max_feh)


def all_cuts(ledger: Ledger, cuts_off: dict, min_abs_z_kpc: float, min_radius_kpc: float) -> list:
    """List (entry, function telling which stars go), in the order the paper applies them."""

    def entry(reason: str, cut: str = ""):
        return f"{reason}: off, {cuts_off[cut]}" if cut in cuts_off else reason

    sagittarius = entry("Sagittarius stream", "sagittarius_chemistry").replace(
        ": off,", ", all chemistries:"
    )
    listed = [
        ("giants", entry("not a giant", "giants"), lambda s: ~s["is_giant"]),
        ("sagittarius", sagittarius, lambda s: s["is_sagittarius"]),
        ("satellites", "dwarf galaxy or globular cluster", lambda s: s["is_satellite"]),
        ("aleph", entry("Aleph", "aleph"), lambda s: s["is_aleph"]),
        ("unbound", "energy of zero or more", lambda s: s["is_unbound"]),
        ("halo", f"|Z| not above {min_abs_z_kpc:g} kpc", lambda s: ~(abs(s["z"]) > min_abs_z_kpc)),
        ("halo", f"r not above {min_radius_kpc:g} kpc", lambda s: ~(s["r"] > min_radius_kpc)),
    ]
    return [(ledger.add(step, reason), goes) for step, reason, goes in listed]


def work(arguments) -> None:
    split = chemistry(arguments)
    stars = star_tables.StarReader(arguments.stars, tuple(STAR_COLUMNS))
    if arguments.method == "polygon" and "aleph" in stars.meta.get("cuts_off", {}):
        raise UserError(
            f"{arguments.stars}: this survey has no [alpha/Fe]; set chemistry.method to feh_ranges"
        )
    ledger = Ledger.from_meta(stars.meta, arguments.stars)
    listed = all_cuts(
        ledger, stars.meta.get("cuts_off", {}), arguments.min_abs_z_kpc, arguments.min_radius_kpc
    )
    parameters = {
        name: value
        for name, value in vars(arguments).items()
        if name not in ("stars", "ledger", *SAMPLES) and value is not None
    }
    meta = metadata.add_step(stars.meta, "select_samples", parameters)
    counts = dict.fromkeys((*SAMPLES, "neither"), 0)
    with ExitStack() as stack:
        writers = {
            sample: stack.enter_context(
                star_tables.StarWriter(getattr(arguments, sample), STAR_COLUMNS)
            )
            for sample in SAMPLES
        }
        for block in cli.progress(
            stars.blocks(), stars.n_rows // star_tables.BLOCK_ROWS + 1, "selection"
        ):
            left = np.ones(len(block["ra"]), bool)
            for entry, goes in listed:
                left = remove(left, goes(block), entry)
            halo = {name: values[left] for name, values in block.items()}
            chosen = {
                "halo": np.ones(len(halo["ra"]), bool),
                "accreted": split.accreted(halo["feh"], halo["afe"]),
                "insitu": split.insitu(halo["feh"], halo["afe"]),
            }
            chosen["neither"] = ~(chosen["accreted"] | chosen["insitu"])
            for name, mask in chosen.items():
                counts[name] += int(np.count_nonzero(mask))
            for sample, writer in writers.items():
                writer.write({name: values[chosen[sample]] for name, values in halo.items()})
        ledger.add("chemistry", "halo star of neither sample", counts["neither"])
        ledger.add("insitu", "halo star of the in-situ sample", counts["insitu"])
        ledger.add("accreted", "what is left is the accreted sample")
        meta["samples"] = {sample: counts[sample] for sample in SAMPLES}
        for writer in writers.values():
            writer.meta = {key: value for key, value in meta.items() if key != "ledger"}
    write_ledger(arguments.ledger, ledger, meta)
    ledger.print()
    for sample in SAMPLES:
        cli.report(sample, counts[sample])


def write_ledger(path, ledger: Ledger, meta: dict) -> None:
    """Write the ledger as a table; its last rows end at the three samples."""
    from astropy.table import Table

    rows = ledger.rows()
    names = ("step", "reason", "n_in", "n_removed", "n_out")
    table = Table({name: [row[name] for row in rows] for name in names})
    text_tables.write_ecsv(path, table, {key: meta[key] for key in meta if key != "ledger"})


def main(argv: list[str] | None = None) -> int:
    return cli.run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
