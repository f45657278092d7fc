"""Tables of published values: which columns they have, and which values may be used."""

import numpy as np

from icefire.files import text_tables

TEXTS = ("source", "quantity", "kind", "verified")
NUMBERS = ("r_lo", "r_mid", "r_hi", "value", "err_lo", "err_hi")
# What the column `verified` says of a value that may be used
VERIFIED = ("yes", "derived")


def read(path: str, quantities: tuple[str, ...]):
    """Read the published values that were verified and measure one of `quantities`.

    Raises UserError naming file and column when the table is not one of literature values.
    """
    table = text_tables.read_ecsv(path, NUMBERS, TEXTS)
    verified = np.isin(np.asarray(table["verified"], dtype=str), VERIFIED)
    return table[verified & np.isin(np.asarray(table["quantity"], dtype=str), quantities)]
