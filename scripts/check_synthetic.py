"""Hold the synthetic survey table to what is published of the survey, and the cuts to the truth.

This is the only step that reads the truth; no measurement uses what it writes.
"""

import numpy as np

from icefire import cli
from icefire.errors import UserError
from icefire.files import star_tables, text_tables
from icefire.synthetic import published

# Percentiles of the giants' distributions that the figure draws.
PERCENTILES = np.concatenate([[0.1, 0.3], np.arange(1, 100), [99.3, 99.5, 99.7, 99.8, 99.9]])


def build_parser():
    parser = cli.parser(__doc__)
    parser.add_argument("--catalogue", required=True, help="table of simulate_survey.py (FITS)")
    parser.add_argument("--truth", required=True, help="its truth (FITS)")
    parser.add_argument("--stars", required=True, help="stars of flag_substructure.py (FITS)")
    parser.add_argument("--ledger", required=True, help="ledger of select_samples.py (ECSV)")
    parser.add_argument("--targets", required=True, help="what the survey is like (YAML)")
    parser.add_argument("--check", required=True, help="target and made, one row each, written")
    parser.add_argument("--cuts", required=True, help="purity and completeness, written (ECSV)")
    parser.add_argument("--distributions", required=True, help="for the figure, written (ECSV)")
    return parser


def read_giants(path: str) -> tuple[dict, dict[str, int], dict]:
    """Read the good giants; give them, the counts of good stars and the metadata."""
    reader = star_tables.StarReader(path, published.STAR_COLUMNS)
    parts, counts = [], {"good_stars_beyond_5_kpc": 0, "good_stars_beyond_10_kpc": 0}
    for stars in reader.blocks(published.STAR_COLUMNS):
        parts.append({name: values[stars["is_giant"]] for name, values in stars.items()})
        for limit in (5, 10):
            beyond = int(np.count_nonzero(stars["distance"] > limit))
            counts[f"good_stars_beyond_{limit}_kpc"] += beyond
    giants = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    counts["giants"] = len(giants["star_id"])
    return giants, counts, reader.meta


def read_truth(path: str, star_id: np.ndarray) -> dict[str, np.ndarray]:
    """Read what is true of the stars with these identifiers, in their order.

    Raises UserError when a star is not in the table.
    """
    reader = star_tables.StarReader(path, published.TRUTH_COLUMNS)
    wanted = np.sort(star_id)
    parts = []
    for truth in reader.blocks(published.TRUTH_COLUMNS):
        here = np.searchsorted(wanted, truth["H3_ID"])
        here = wanted[np.minimum(here, len(wanted) - 1)] == truth["H3_ID"] if len(wanted) else here
        parts.append({name: values[here.astype(bool)] for name, values in truth.items()})
    truth = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    # A star that was observed twice stands there twice, with the same truth.
    known, first = np.unique(truth["H3_ID"], return_index=True)
    if not np.array_equal(known, np.unique(star_id)):
        raise UserError(f"{path}: lacks stars of the catalogue; give the truth of the same run")
    place = first[np.searchsorted(known, star_id)]
    found = {name: values[place] for name, values in truth.items()}
    found["component"] = np.char.strip(found["component"].astype(str))
    return found


def distributions(giants: dict):
    """Give percentiles of the giants' distances, chemistry, angular momenta and energies."""
    from astropy.table import Table

    others = ~giants["is_sagittarius"]
    columns = {
        "distance": (giants["distance"], "kpc"),
        "feh": (giants["feh"], "dex"),
        "afe": (giants["afe"], "dex"),
        "lz": (giants["lz"][others], "kpc km / s"),
        "energy": (giants["energy"][others], "km2 / s2"),
    }
    table = Table({"percentile": PERCENTILES})
    for name, (values, unit) in columns.items():
        table[name] = np.percentile(values, PERCENTILES) if len(values) else np.nan
        table[name].unit = unit
    return table


def work(arguments) -> None:
    from astropy.table import Table

    targets = text_tables.read_yaml(arguments.targets, kind=list)
    ledger = text_tables.read_ecsv(arguments.ledger, ("n_in", "n_out"), ("step",))
    if "samples" not in ledger.meta:
        raise UserError(f"{arguments.ledger}: is no whole ledger of select_samples.py")
    catalogue = star_tables.StarReader(arguments.catalogue, published.CATALOGUE_COLUMNS)
    if not catalogue.meta.get("synthetic") or not catalogue.n_rows:
        raise UserError(f"{arguments.catalogue}: is no table of simulate_survey.py")
    giants, counts, meta = read_giants(arguments.stars)
    truth = read_truth(arguments.truth, giants["star_id"])
    rows = published.Rows()
    for block in catalogue.blocks(published.CATALOGUE_COLUMNS):
        rows.add(block)
    counts |= {"rows": catalogue.n_rows, **ledger.meta["samples"]}
    check = published.Check(giants, truth, rows, counts)

    made = Table(rows=published.compare(check, targets, arguments.targets))
    for name in ("target", "made", "error", "from", "to"):
        made[name] = [float(f"{value:.6g}") for value in made[name]]
    made["agrees"] = np.where(made["agrees"], "yes", "no")
    cuts = Table(rows=check.purity())
    for name in ("purity", "completeness"):
        cuts[name] = np.round(cuts[name], 4)
    text_tables.write_ecsv(arguments.check, made, meta)
    text_tables.write_ecsv(arguments.cuts, cuts, meta)
    text_tables.write_ecsv(arguments.distributions, distributions(giants), meta)
    cli.report("targets met", int(np.count_nonzero(made["agrees"] == "yes")), len(made))
    for row in made[made["agrees"] == "no"]:
        at = "" if np.isnan(row["at"]) else f" {row['at']:g}"
        reason = f" ({row['because']})" if row["because"] else ""
        print(f"not met: {row['quantity']}{at}: {row['made']:g}, target {row['target']:g}{reason}")
    for row in cuts:
        print(
            f"{row['cut']}: {row['n_both']} of {row['n_members']} members found"
            f" ({row['completeness']:.1%}), {row['purity']:.1%} of the {row['n_flagged']} flagged"
        )


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
