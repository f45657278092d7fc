"""How many stars there are at every station, from the raw table to the samples."""

import numpy as np

from icefire.files.star_tables import StarReader
from icefire.numbers.estimates import number

SUBSTRUCTURE = ("sagittarius", "satellites", "aleph", "unbound")
# Steps of select_samples.py and clean_catalog.py that a whole ledger has
STEPS = {"clean", "giants", *SUBSTRUCTURE, "unknown_chemistry", "chemistry"}


def counts(ledger, clean: StarReader) -> dict:
    """Count the stars of every station, from the raw table to the samples."""
    beyond = {5: 0, 10: 0}
    for stars in clean.blocks(("distance",)):
        for limit in beyond:
            beyond[limit] += int(np.count_nonzero(stars["distance"] > limit))
    rows = {row["step"]: row for row in ledger}  # of each step, its last row
    samples = ledger.meta["samples"]
    return {
        "rows": number(ledger["n_in"][0]),
        "good": number(clean.n_rows),
        **{f"good_beyond_{limit}_kpc": number(n) for limit, n in beyond.items()},
        "tracers": number(rows["giants"]["n_out"]),
        **{f"removed_as_{step}": number(rows[step]["n_removed"]) for step in SUBSTRUCTURE},
        **{sample: number(n) for sample, n in samples.items()},
        "unknown_chemistry": number(rows["unknown_chemistry"]["n_removed"]),
        "neither_accreted_nor_insitu": number(rows["chemistry"]["n_removed"]),
    }


def beyond(readers: dict[str, StarReader]) -> dict:
    """Count the stars of each sample beyond radii of round numbers."""
    found = {}
    for sample, reader in readers.items():
        radius = reader.all(("r",))["r"]
        for limit in _RADII_KPC:
            n_stars = int(np.count_nonzero(radius > limit))
            found[f"{sample}_beyond_{limit}_kpc"] = number(n_stars)
    return found


_RADII_KPC = (20, 30, 40, 50, 60)
