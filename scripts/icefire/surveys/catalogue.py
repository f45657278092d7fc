"""A survey's table through its map: blocks of stars under canonical names, in our units."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from icefire.errors import UserError
from icefire.files.star_tables import BLOCK_ROWS
from icefire.stars import sky
from icefire.surveys.formats import open_table
from icefire.surveys.maps import CANONICAL, GALACTIC, TEXTS, Source, SurveyMap, unit_of
from icefire.surveys.units import conversion
from icefire.surveys.values import numbers

# A longer identifier is a damaged file's, or another column's.
_MAX_CHARACTERS = 1000


class Catalogue:
    """A survey table read through its map, block by block, under canonical names and units.

    Raises UserError naming file and column for a missing, doubled, text-valued or unit-less column.
    `notes` are lines for the log: where the file's unit is not the map's.
    """

    def __init__(self, path: str | os.PathLike, survey: SurveyMap):
        self.path = Path(path)
        self.survey = survey
        self._wanted = survey.wanted()
        self._table = open_table(self.path, self._wanted, survey.table)
        self.n_rows = self._table.n_rows
        self.meta = _provenance(self._table.meta, self.path)
        self.notes: list[str] = []
        self._conversions: dict[tuple[str, str], tuple[float, float]] = {}
        # The least and the greatest angle of each kind
        self._spans = {name: (np.inf, -np.inf) for name in ("ra", "dec", "l", "b")}
        for name, source in survey.columns.items():
            for column in source.columns:
                self._check(column, f", mapped to {name},")
                if name not in TEXTS:
                    self._conversions[name, column] = self._conversion(name, source, column)
        for cut in survey.where:
            self._check(cut.column, f", which `where` compares ({cut.text}),")

    def _check(self, column: str, what: str) -> None:
        names = self._table.names
        if column not in names:
            near = [n for n in names if n.lower() == column.lower()]
            has = near[0] if near else ", ".join(map(str, names))
            hint = f" (the file has {has if len(has) < 300 else has[:300] + ' ...'})"
            raise UserError(
                f"{self.path}: column {column}{what} is missing{hint}; correct the survey's"
                " column map"
            )
        if names.count(column) > 1:
            raise UserError(
                f"{self.path}: two columns are named {column}{what.rstrip(',')}; rename one"
            )

    def _conversion(self, name: str, source: Source, column: str) -> tuple[float, float]:
        """Give what turns a column's values into our unit; the file's unit wins over the map's."""
        ours = unit_of(name, source.way)
        given = self._table.units.get(column)
        if source.override_unit is not None:
            return conversion(source.override_unit, ours)
        if given:
            try:
                found = conversion(given, ours)
            except ValueError as error:
                raise UserError(
                    f"{self.path}: column {column}, mapped to {name}, is in a unit that {error};"
                    f" correct the unit in the file, or say columns.{name}.override_unit in the"
                    " survey's map"
                ) from error
            if source.unit is not None and found != conversion(source.unit, ours):
                self.notes.append(
                    f"column {column}, mapped to {name}: the file says {given} and the map"
                    f" {source.unit}; the file's is taken"
                )
            return found
        if source.unit is not None:
            return conversion(source.unit, ours)
        if ours and not ours.startswith("dex") and ours != "mag":
            raise UserError(
                f"{self.path}: column {column}, mapped to {name}, declares no unit, and neither"
                f" does the survey's map; add columns.{name}.unit to the map"
            )
        return 1.0, 0.0

    def blocks(self, rows: int = BLOCK_ROWS) -> Iterator[dict[str, np.ndarray]]:
        """Give blocks of rows; columns that the survey lacks are all NaN.

        Beside the canonical columns stands `where`, the number of the first of the map's cuts that
        a star does not pass, -1 where it passes all.
        """
        wanted = tuple(self._wanted)
        for start in range(0, max(self.n_rows, 1), rows):
            raw = self._table.read(start, start + rows, wanted)
            n_rows = max(min(rows, self.n_rows - start), 0)
            stars: dict[str, np.ndarray] = {}
            # Errors are made of what they are errors of.
            for name in sorted(CANONICAL, key=lambda name: name.endswith("_error")):
                stars[name] = self._canonical(name, raw, n_rows, start, stars)
            self._from_galactic(raw, n_rows, start, stars)
            stars = {name: stars[name] for name in CANONICAL}
            if start + rows >= self.n_rows:
                self._check_angles()
            yield stars | {"where": self._where(raw, n_rows, start)}

    def _canonical(self, name: str, raw: dict, n_rows: int, start: int, stars: dict) -> np.ndarray:
        source = self.survey.columns.get(name)
        if source is None:
            # Where no identifier is given each row is a star of its own.
            own = np.arange(start, start + n_rows)
            return own if name == "star_id" else np.full(n_rows, np.nan)
        if source.way == "value":
            return np.full(n_rows, float(source.value))
        if name in TEXTS:
            (column,) = source.columns
            return self._identifier(_one_per_star(raw[column]), column, name)
        if name == "flag":
            return self._flag(raw, source, start)
        values = [self._numbers(name, column, raw, start) for column in source.columns]
        if name in self._spans and (finite := values[0][np.isfinite(values[0])]).size:
            low, high = self._spans[name]
            self._spans[name] = min(low, finite.min()), max(high, finite.max())
        return _derived(name, source, values, stars)

    def _numbers(self, name: str, column: str, raw: dict, start: int) -> np.ndarray:
        """Give a column as numbers in our unit, NaN where it says that there is none."""
        values = self._parsed(column, name, raw, start)
        source = self.survey.columns[name]
        numeric = values.astype(float)
        gaps = np.isin(numeric, source.missing) if source.missing else None
        factor, offset = self._conversions[name, column]
        numeric = numeric * factor + offset if offset else numeric * factor
        if source.way != "percentiles":
            numeric = numeric * source.scale + source.offset
        return numeric if gaps is None else np.where(gaps, np.nan, numeric)

    def _parsed(self, column: str, name: str, raw: dict, start: int) -> np.ndarray:
        """Give a column's numbers as they are, also where they are written as texts."""
        values = _one_per_star(raw[column])
        if values.ndim != 1:
            raise self._wrong(column, name, "holds several values per star")
        if values.dtype.kind in "SUO":
            try:
                values = numbers(values.tolist())
            except ValueError as error:
                at, text = error.args if len(error.args) == 2 else (0, str(values[0]))
                what = f"does not hold numbers: row {start + at + 1:,} is {text[:40]!r}"
                raise self._wrong(column, name, what) from error
        if values.dtype.kind not in "fiub":
            raise self._wrong(column, name, "does not hold numbers")
        return values

    def _flag(self, raw: dict, source: Source, start: int) -> np.ndarray:
        """Give 0 for good stars, 1 for others, NaN where the flag is missing."""
        (column,) = source.columns
        words = [good for good in source.good if isinstance(good, str)]
        if words:
            texts = np.char.strip(_one_per_star(raw[column]).astype(str))
            return np.where(np.isin(texts, words), 0.0, 1.0)
        values = self._numbers("flag", column, raw, start)
        if source.bits is not None:
            mask = sum(1 << bit for bit in source.bits)
            known = np.isfinite(values)
            whole = np.where(known, values, 0).astype(np.int64)
            return np.where(known, (whole & mask) != 0, np.nan)
        if source.good == (0,):
            return values
        good = np.isin(values, [float(good) for good in source.good])
        return np.where(np.isfinite(values), ~good, np.nan)

    def _from_galactic(self, raw: dict, n_rows: int, start: int, stars: dict) -> None:
        """Turn positions and motions that the survey gives in longitude and latitude."""
        given = [name for name in GALACTIC.values() if name in self.survey.columns]
        if not given:
            return
        found = {n: self._canonical(n, raw, n_rows, start, stars) for n in given}
        if "l" in found:
            stars["ra"], stars["dec"] = sky.equatorial(found["l"], found["b"])
        if "pml" in found:
            errors = found["pml_error"], found["pmb_error"], stars["pm_corr"]
            motion = sky.equatorial_motion(
                stars["ra"], stars["dec"], found["pml"], found["pmb"], *errors
            )
            stars |= dict(
                zip(("pmra", "pmdec", "pmra_error", "pmdec_error", "pm_corr"), motion, strict=True)
            )

    def _where(self, raw: dict, n_rows: int, start: int) -> np.ndarray:
        first = np.full(n_rows, -1)
        for number, cut in enumerate(self.survey.where):
            if isinstance(cut.value, str):
                texts = _one_per_star(raw[cut.column]).astype(str)
                passes = cut.compare(np.char.strip(texts), cut.value)
            else:
                values = self._parsed(cut.column, "where", raw, start)
                passes = cut.compare(values, cut.value) & ~np.isnan(values.astype(float))
            first[(first < 0) & ~passes] = number
        return first

    def _check_angles(self) -> None:
        """Refuse positions that are plainly in hours or radians, and not in degrees."""
        for lon, lat in (("ra", "dec"), ("l", "b")):
            source = self.survey.columns.get(lon)
            if source is None or source.override_unit:
                continue
            (low, high), (south, north) = self._spans[lon], self._spans[lat]
            unit = ""
            if low >= -3.2 and high <= 6.3 and high - low > 5.5 and 1 < north - south < 3.15:
                unit = "radians"
            elif low >= 0 and high <= 24 and high - low > 22 and north - south > 30:
                unit = "hours"
            if unit:
                raise UserError(
                    f"{self.path}: column {source.columns[0]}, mapped to {lon}, runs from {low:.2f}"
                    f" to {high:.2f} and is in {unit}, it seems, not in deg; correct its unit, or"
                    f" say columns.{lon}.override_unit: deg in the survey's map"
                )

    def _wrong(self, column: str, name: str, what: str) -> UserError:
        return UserError(
            f"{self.path}: column {column}, mapped to {name}, {what}; correct the file, or map"
            f" {name} to another column"
        )

    def _identifier(self, values: np.ndarray, column: str, name: str) -> np.ndarray:
        kind = values.dtype.kind
        if kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
            raise self._wrong(column, name, "exceeds 64-bit signed integers")
        if kind in "iu":
            return values.astype(np.int64)
        if kind == "f" and np.isnan(values).any():
            raise self._wrong(column, name, "is empty in some rows")
        if kind not in "SUO":
            raise self._wrong(column, name, "must hold integers or texts, not decimals")
        try:
            # Fixed widths are filled up with blanks, by some writers and not by others.
            texts = [_ascii(value).rstrip(b" \0") for value in values]
        except UnicodeError as error:
            raise self._wrong(column, name, "holds texts that are not plain ASCII") from error
        if any(len(text) > _MAX_CHARACTERS for text in texts):
            raise self._wrong(column, name, f"holds texts of over {_MAX_CHARACTERS} characters")
        return np.array(texts, dtype=bytes)


def _one_per_star(values: np.ndarray) -> np.ndarray:
    """Take cells of one value, shape (stars, 1), for that value."""
    return values.reshape(len(values)) if values.ndim > 1 and values.size == len(values) else values


def _derived(name: str, source: Source, values: list[np.ndarray], stars: dict) -> np.ndarray:
    """Make a quantity of ours of what the survey gives for it.

    A distance modulus m - M gives 10^((m - M) / 5 - 2) kpc; a parallax its inverse, which needs
    errors well below 20 per cent (Bailer-Jones 2015). Errors are propagated to first order.
    """
    if len(values) == 2:
        lower, upper = values
        if source.way == "percentiles":
            half = 0.5 * (upper - lower)
            return half * source.scale + source.offset
        return 0.5 * (np.abs(lower) + np.abs(upper))
    (value,) = values
    if name == "ra":
        # An angle: 0 to 360 however it was given, but for what fills gaps, such as -9999.
        angle = (value >= -360) & (value < 720)
        return np.mod(value, 360, out=value.copy(), where=angle)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if source.way == "modulus":
            if name == "distance":
                return 10 ** (value / 5 - 2)
            return np.log(10) / 5 * stars["distance"] * value
        if source.way == "parallax":
            if name == "distance":
                return np.where(value > 0, 1 / value, np.nan)
            return stars["distance"] ** 2 * value
        if source.way == "fraction":
            return np.abs(stars[name.removesuffix("_error")]) * value
    return value


def _ascii(value) -> bytes:
    return (value.decode("ascii") if isinstance(value, bytes) else str(value)).encode("ascii")


def _provenance(meta: dict, path) -> dict:
    """Give a table's metadata if they are such as a synthetic table of ours carries."""
    if not isinstance(meta, dict) or meta.get("synthetic") is not True:
        return {}
    if not isinstance(meta.get("catalogue"), str) or not isinstance(meta.get("parameters"), dict):
        raise UserError(
            f"{path}: its metadata say synthetic, but not (catalogue, parameters) what made it;"
            " remove that word, or make the table with simulate_survey.py"
        )
    return meta
