"""Cells of foreign tables as numbers: gaps, masks, truth values and numbers written as texts."""

import numpy as np

# Words of a cell without value, in small letters
GAPS = frozenset(
    ("", "null", "na", "n/a", "nan", "none", "masked", "-", "--", "---", "\\n", "<na>")
)
_TRUTH = {"true": 1.0, "false": 0.0}


def numbers(cells) -> np.ndarray:
    """Turn texts into floats: NaN for gaps, 1 and 0 for true and false.

    Raises ValueError with the position and the text of the first that is no number.
    """
    cells = [cell.decode("ascii", "replace") if isinstance(cell, bytes) else cell for cell in cells]
    try:
        return np.array(cells, dtype=float)
    except (ValueError, TypeError):
        return np.array([_number(at, cell) for at, cell in enumerate(cells)], dtype=float)


def _number(at: int, cell) -> float:
    word = "" if cell is None else str(cell).strip().lower()
    if word in GAPS:
        return np.nan
    if word in _TRUTH:
        return _TRUTH[word]
    try:
        return float(word)
    except ValueError:
        raise ValueError(at, str(cell)) from None


def whole_numbers(texts: np.ndarray) -> np.ndarray:
    """Give integers if all of these texts are written as such, else the texts themselves.

    Decimals come as such, to be refused: identifiers that became 3.8e18 have lost digits. 007 and
    12_3 stay texts, as they are not those of 7 and 123.
    """
    try:
        found = np.array([int(text) for text in texts.tolist()], dtype=np.int64)
        return found if np.array_equal(found.astype(texts.dtype), texts) else texts
    except (ValueError, OverflowError):
        pass
    try:
        decimals = texts.astype(float)
    except ValueError:
        return texts
    return decimals if any(b"." in text for text in texts.tolist()) else texts


def filled(column) -> np.ndarray:
    """Turn a column into an array: NaN where numbers are masked, nothing where texts are."""
    values = np.asarray(column)
    mask = getattr(column, "mask", None)
    if mask is not None and np.any(mask):
        if values.dtype.kind in "fiub":
            values = np.where(mask, np.nan, values.astype(float))
        else:
            nothing = "" if values.dtype.kind == "O" else np.zeros((), values.dtype)
            values = np.where(mask, nothing, values)
    return values
