"""Star tables and small tables: what is written is read, whole or not at all, the same bytes."""

import json
import os
import re
import warnings
from itertools import pairwise

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from icefire import __version__
from icefire.errors import UserError
from icefire.files import metadata, star_tables, text_tables, writing
from icefire.files.columns import STAR_COLUMNS

META = {"catalogue": "H3", "synthetic": True, "parameters": {"clean": {"min_snr": 3.0}}}
# As the workflow's own metadata begin
OURS = metadata.new_meta("H3", True, "h3", {})


def star_block(n_rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    make = {
        "D": lambda: np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(0, 100, n_rows)),
        "K": lambda: rng.integers(2**40, 2**62, n_rows),
        "L": lambda: rng.random(n_rows) < 0.3,
    }
    return {name: make[column.format]() for name, column in STAR_COLUMNS.items()}


def write(path, blocks, columns=STAR_COLUMNS, meta=None, keep=None):
    with star_tables.StarWriter(path, columns) as writer:
        for block in blocks:
            writer.write(block)
        writer.meta = META if meta is None else meta
        writer.keep = keep
    return path


def joined(blocks) -> dict[str, np.ndarray]:
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def assert_same(found: dict, wanted: dict) -> None:
    assert list(found) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
        assert found[name].dtype.kind == values.dtype.kind, name


def changed(content: bytes, place: int) -> bytes:
    """Change one bit of a file's content."""
    return content[:place] + bytes([content[place] ^ 0x04]) + content[place + 1 :]


def some(n_rows: int) -> dict[str, np.ndarray]:
    return {"star_id": np.arange(n_rows), "x": np.random.default_rng(n_rows).normal(size=n_rows)}


BLOCKS = [star_block(n, seed) for seed, n in enumerate((100, 0, 1, 37))]
WHOLE = joined(BLOCKS)


def test_astropy_reads_the_same_values_units_and_flags(tmp_path):
    table = Table.read(write(tmp_path / "stars.fits", BLOCKS))
    assert table.colnames == list(STAR_COLUMNS)
    for name, column in STAR_COLUMNS.items():
        np.testing.assert_array_equal(np.ma.getdata(table[name]), WHOLE[name], err_msg=name)
        assert table[name].unit == (u.Unit(column.unit) if column.unit else None), name
    assert table["is_giant"].dtype == bool
    assert table["star_id"].dtype.kind == "i"


@pytest.mark.parametrize("rows", [1, 7, 137, 138, 1000])
def test_the_reader_gives_back_what_was_written(tmp_path, rows):
    reader = star_tables.StarReader(write(tmp_path / "stars.fits", BLOCKS))
    assert reader.n_rows == 138
    assert reader.meta == META
    assert reader.units["v_r"] == "km/s" and reader.units["feh"] is None
    blocks = list(reader.blocks(rows=rows))
    assert [len(block["ra"]) for block in blocks] == [
        min(rows, 138 - start) for start in range(0, 138, rows)
    ]
    assert_same(joined(blocks), WHOLE)
    assert_same(reader.all(("is_aleph", "x")), {n: WHOLE[n] for n in ("is_aleph", "x")})


IDS = {"star_id": STAR_COLUMNS["star_id"], "x": STAR_COLUMNS["x"]}


def test_text_identifiers_that_grow_longer_in_a_later_block_stay_whole(tmp_path):
    blocks = [
        {"star_id": np.array([b"s99998", b"s99999"]), "x": np.zeros(2)},
        {"star_id": np.array([b"s100000", b"s100001"]), "x": np.zeros(2)},
    ]
    found = star_tables.StarReader(write(tmp_path / "stars.fits", blocks, IDS)).all()
    assert found["star_id"].tolist() == [b"s99998", b"s99999", b"s100000", b"s100001"]


def test_equal_stars_give_equal_bytes_without_dates_or_paths(tmp_path):
    files = []
    for folder, sizes in (("one", (138,)), ("two", (5, 100, 33))):
        edges = np.cumsum((0, *sizes))
        parts = [{name: values[a:b] for name, values in WHOLE.items()} for a, b in pairwise(edges)]
        files.append(write(tmp_path / folder / f"{folder}.fits", parts).read_bytes())
    assert files[0] == files[1]
    assert b"DATE" not in files[0] and os.fsencode(tmp_path) not in files[0]
    assert not re.search(rb"20\d\d-\d\d-\d\d", files[0])


@settings(max_examples=25)
@given(st.text(max_size=300), st.integers(0, 80))
def test_any_text_survives_in_the_metadata(tmp_path_factory, text, shift):
    # Quotes and ampersands are special where FITS continues a text over cards: hence the shift.
    meta = {"x" * shift: text, "quotes": "'" * shift, "ampersands": "&" * shift}
    path = write(tmp_path_factory.mktemp("meta") / "stars.fits", [], IDS, meta)
    assert star_tables.StarReader(path).meta == meta


def test_checksums_are_those_of_the_fits_standard(tmp_path):
    for n_rows in range(40):
        path = write(tmp_path / "stars.fits", [some(n_rows)], IDS)
        with warnings.catch_warnings(action="error"), fits.open(path, checksum=True) as hdus:
            assert all("CHECKSUM" in hdu.header and "DATASUM" in hdu.header for hdu in hdus)
            assert len(hdus["STARS"].data) == n_rows


def test_a_changed_bit_anywhere_in_a_star_table_is_refused_or_means_nothing(tmp_path):
    path = write(tmp_path / "stars.fits", [some(9)], IDS)
    whole, before = path.read_bytes(), star_tables.StarReader(path)
    refused = 0
    for place in range(0, len(whole), 29):
        path.write_bytes(changed(whole, place))
        try:
            after = star_tables.StarReader(path)
        except UserError as error:
            assert "stars.fits: " in str(error) and "delete it and run again" in str(error)
            refused += 1
        else:
            assert (after.meta, after.names, after.units) == (
                before.meta,
                before.names,
                before.units,
            )
            assert_same(after.all(), some(9))
    assert refused > 0.95 * len(whole) / 29


def test_what_a_killed_step_has_left_goes_with_the_next(tmp_path):
    (tmp_path / ".made.part").write_text("half")
    writing.write_text(tmp_path / "made", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_of_two_writers_of_one_file_the_first_gives_up(tmp_path):
    with (
        pytest.raises(UserError, match=r"made: another process writes it, too"),
        writing.replacing(tmp_path / "made") as first,
    ):
        first.write_text("first")
        with writing.replacing(tmp_path / "made") as second:
            second.write_text("second")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["second"]


def test_scaled_and_missing_integers_are_read_as_astropy_reads_them(tmp_path):
    path = tmp_path / "t.fits"
    columns = [
        fits.Column("some", "J", null=-99, array=np.array([4, -99, 6])),
        fits.Column("unsigned", "J", bzero=2**31, array=np.array([0, 1, 2**32 - 1], np.uint32)),
        fits.Column("scaled", "I", array=np.array([2, 4, 5])),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    for key, value in (("TSCAL3", 0.5), ("TZERO3", 10.0)):
        fits.setval(path, key, value=value, ext=1)
    found, wanted = star_tables.StarReader(path).all(), Table.read(path)
    np.testing.assert_array_equal(found["some"], [4, np.nan, 6])
    np.testing.assert_array_equal(found["unsigned"], [0, 1, 2**32 - 1])
    np.testing.assert_array_equal(found["scaled"], [11, 12, 12.5])
    for name in ("unsigned", "scaled"):
        np.testing.assert_array_equal(found[name], wanted[name])


def small_table() -> Table:
    table = Table({"pixel": [1, 2, 3], "sigma_r": [1 / 3, np.nan, 1e-7], "name": ["a", "b c", ""]})
    table["sigma_r"].unit = "km/s"
    return table


def test_ecsv_round_trip_keeps_values_units_and_metadata(tmp_path):
    meta = {"parameters": {"step": {"radius": np.float64(2.0), "v": (1, np.int64(2))}}}
    text_tables.write_ecsv(tmp_path / "t.ecsv", small_table(), meta)
    found = text_tables.read_ecsv(tmp_path / "t.ecsv", ("pixel", "sigma_r"))
    np.testing.assert_array_equal(found["sigma_r"], small_table()["sigma_r"])
    assert found["sigma_r"].unit == u.km / u.s
    assert found.meta == {"parameters": {"step": {"radius": 2.0, "v": [1, 2]}}}


def test_a_changed_bit_anywhere_in_a_text_is_refused_or_means_nothing(tmp_path):
    table = small_table()
    text_tables.write_ecsv(tmp_path / "t.ecsv", table, OURS)
    text_tables.write_yaml(tmp_path / "n.yaml", {"halo": {"value": 3}, "name": "it's"})

    def ecsv(path):
        found = text_tables.read_ecsv(path)
        return found.meta, found.colnames, found.pformat()

    for name, read in (("t.ecsv", ecsv), ("n.yaml", text_tables.read_yaml)):
        path = tmp_path / name
        whole, before, refused = path.read_bytes(), read(path), 0
        for place in range(0, len(whole), 7):
            path.write_bytes(changed(whole, place))
            try:
                assert read(path) == before
            except UserError as error:
                assert name in str(error)
                refused += 1
        assert refused > 0.7 * len(whole) / 7


def test_a_table_written_by_hand_needs_no_digest_and_one_of_ours_does(tmp_path):
    path = tmp_path / "t.ecsv"
    text_tables.write_ecsv(path, small_table(), OURS)
    table = Table.read(path)
    del table.meta["sha256"]
    table.write(path, format="ascii.ecsv", overwrite=True)
    with pytest.raises(UserError, match=r"t\.ecsv: damaged, its SHA-256 is gone; delete it"):
        text_tables.read_ecsv(path)
    del table.meta["icefire_version"]
    table.write(path, format="ascii.ecsv", overwrite=True)
    assert len(text_tables.read_ecsv(path)) == len(table)


def test_each_step_adds_its_parameters_and_changes_no_earlier_metadata():
    start = metadata.new_meta("H3", False, "h3", {"snr": "none", "flag": "none"})
    first = metadata.add_step(start, "clean", {"min_snr": np.float32(3), "a": (1, 2)})
    second = metadata.add_step(first, "halo", {"z": 5})
    assert start["parameters"] == {} and list(first["parameters"]) == ["clean"]
    assert second["parameters"] == {"clean": {"a": [1, 2], "min_snr": 3.0}, "halo": {"z": 5}}
    assert list(start["cuts_off"]) == ["flag", "snr"]
    assert second["icefire_version"] == __version__
    assert json.loads(json.dumps(second)) == second
