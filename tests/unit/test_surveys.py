"""Column maps and foreign tables: every mistake is named, every format gives the same stars."""

import gzip
import io

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import yaml
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits, votable
from astropy.table import Table
from astropy.time import Time
from table_formats import FORMATS

from icefire.errors import UserError
from icefire.files import star_tables
from icefire.files.columns import STAR_COLUMNS
from icefire.surveys import maps
from icefire.surveys.catalogue import Catalogue
from icefire.surveys.formats import open_table
from icefire.surveys.maps import CANONICAL, SurveyMap, read_survey_map
from icefire.surveys.units import conversion

# Distances and velocities in units that are not ours, so that a conversion left out shows.
UNITS = {
    "ra": "deg",
    "dec": "deg",
    "distance": "pc",
    "distance_error": "pc",
    "rv": "m/s",
    "rv_error": "m/s",
    **dict.fromkeys(("pmra", "pmra_error", "pmdec", "pmdec_error"), "mas/yr"),
}
FACTORS = {"pc": 1e-3, "m/s": 1e-3}
OURS = [name for name in CANONICAL if name not in ("star_id", "field", "flag")]


def columns(n_rows: int = 23) -> dict[str, np.ndarray]:
    """Values in the survey's units, under canonical names."""
    rng = np.random.default_rng(12)
    found = {
        "star_id": 3830749024282130176 + np.arange(n_rows),
        "field": np.array([f"tile{i % 5}" + "x" * (i % 3) for i in range(n_rows)]),
        "flag": rng.integers(-1, 2, n_rows),
    }
    found |= {name: rng.normal(0, 1000, n_rows) for name in OURS}
    return found | {"ra": rng.uniform(0, 360, n_rows), "dec": rng.uniform(-90, 90, n_rows)}


def table(units: bool = True, **changes) -> Table:
    """The stars as a survey writes them: its own names (S_ before ours) and units."""
    made = Table({f"S_{name}": values for name, values in columns().items()})
    for name, unit in UNITS.items() if units else ():
        made[f"S_{name}"].unit = unit
    for name, values in changes.items():
        made[f"S_{name}"] = values
    return made


def raw_map() -> dict:
    entries = {name: {"source": f"S_{name}"} for name in CANONICAL}
    for name, unit in UNITS.items():
        entries[name]["unit"] = unit
    return {"name": "Test", "columns": entries}


def write_map(path, raw) -> str:
    path.write_text(yaml.safe_dump(raw))
    return path


@pytest.fixture
def survey(tmp_path) -> SurveyMap:
    return read_survey_map(write_map(tmp_path / "map.yaml", raw_map()))


def survey_of(tmp_path, keys: dict | None = None, **entries) -> SurveyMap:
    """The map with other entries for some columns; None leaves one out and its cuts off."""
    raw = raw_map() | (keys or {})
    raw["columns"] |= entries
    raw["columns"] = {name: entry for name, entry in raw["columns"].items() if entry is not None}
    raw["cuts_off"] = {cut: "not in the table" for cut in maps.CUTS}
    return read_survey_map(write_map(tmp_path / "changed.yaml", raw))


def write(made: Table, folder, ending: str):
    path = folder / f"stars.{ending}"
    FORMATS[ending](made, path)
    return path


def read(path, survey: SurveyMap, rows: int = star_tables.BLOCK_ROWS) -> dict[str, np.ndarray]:
    blocks = list(Catalogue(path, survey).blocks(rows))
    assert all(list(block) == [*CANONICAL, "where"] for block in blocks)
    return {name: np.concatenate([block[name] for block in blocks]) for name in CANONICAL}


def test_stars_are_giants_or_what_the_map_calls_them(tmp_path, survey):
    assert (survey.tracer, survey.bounds) == ("giants", {})
    assert survey_of(tmp_path).tracer == "stars"
    mine = survey_of(tmp_path, {"tracer": "RR Lyrae", "bounds": {"min_abs_b_deg": 20}})
    assert (mine.tracer, mine.bounds) == ("RR Lyrae", {"min_abs_b_deg": 20.0})


@pytest.mark.parametrize("name", ["h3", "segue_kgiants", "desi_dr1", "apogee_dr17", "galah_dr3"])
def test_the_committed_maps_are_whole(repo, name):
    survey = read_survey_map(repo / "config" / "surveys" / f"{name}.yaml")
    assert survey.columns.keys() <= set(CANONICAL)
    assert ("afe" in survey.columns) == ("aleph" not in survey.cuts_off)


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_gives_the_same_stars_gzipped_or_not(tmp_path, survey, ending):
    rows = 7  # in blocks, the last of which is smaller
    path = write(table(), tmp_path, ending)
    found = read(path, survey, rows)
    # gzip is known by its first bytes, whatever the name says.
    path.write_bytes(gzip.compress(path.read_bytes()))
    for name, values in read(path, survey, rows).items():
        np.testing.assert_array_equal(values, found[name], err_msg=name)
    for name, values in columns().items():
        if name == "field":
            assert [text.decode() for text in found[name]] == values.tolist()
        else:
            wanted = values * FACTORS.get(UNITS.get(name), 1)
            digits = 1e-11 if ending == "mrt" else 0
            np.testing.assert_allclose(found[name], wanted, rtol=digits, err_msg=name)
    assert found["star_id"].dtype == np.int64


@pytest.mark.parametrize("ending", ["fits", "h5", "hdf5", "ecsv"])
def test_unsigned_identifiers_are_kept_to_the_last_digit(tmp_path, survey, ending):
    ids = np.uint64(2**63 - 23) + np.arange(23, dtype=np.uint64)
    found = read(write(table(star_id=ids), tmp_path, ending), survey)["star_id"]
    assert found.tolist() == ids.tolist()


@pytest.mark.parametrize(
    ("text", "ours", "factor", "offset"),
    [
        *((text, "dex(cm/s2)", 1, 0) for text in ("dex", "", "cgs", "[cm/s2]", "log(cm.s**-2)")),
        *((text, "dex(cm/s2)", 1, 2) for text in ("[m/s2]", "dex(m/s2)", "log10(m.s-2)")),
        *((text, "dex", 1, 0) for text in ("[-]", "[Sun]", "dex", "---", "unitless", "dex(-)")),
        *((text, "km/s", 1, 0) for text in ("km/sec", "kms-1", "km.s-1", "km s^-1", "'km/s'")),
        *((text, "deg", 1, 0) for text in ("degrees", "degree", "Angle[deg]")),
        *((text, "deg", 15, 0) for text in ("h", "hours", "hourangle")),
        *((text, "mas/yr", 1, 0) for text in ("mas.yr**-1", "mas/year", "masyr-1")),
        ("arcsec/yr", "mas/yr", 1000, 0),
        ("percent", "", 0.01, 0),
    ],
)
def test_units_as_files_spell_them(text, ours, factor, offset):
    assert conversion(text, ours) == pytest.approx((factor, offset), rel=1e-12)


@pytest.mark.parametrize(
    ("key", "value"), [("unit", "m"), ("UNIT", b"m"), ("units", np.array([b"m"]))]
)
def test_units_in_attributes_of_hdf5_win_over_the_map(tmp_path, survey, key, value):
    path = write(table(), tmp_path, "hdf5")
    with h5py.File(path, "a") as file:
        file["data/S_distance"].attrs[key] = value
    catalogue = Catalogue(path, survey)
    found = next(catalogue.blocks())["distance"]
    np.testing.assert_allclose(found, columns()["distance"] / u.kpc.to("m"), rtol=1e-12)
    assert [n for n in catalogue.notes if "says m and the map pc" in n]


def test_a_voparquet_header_says_the_units(tmp_path, survey):
    path = write(table(units=False), tmp_path, "parquet")
    empty = table()[:0]
    empty["S_distance"].unit = "m"
    header = io.BytesIO()
    votable.from_table(empty).to_xml(header)
    rows = pyarrow.parquet.read_table(path)
    meta = {b"IVOA.VOTable-Parquet.content": header.getvalue()}
    pyarrow.parquet.write_table(rows.replace_schema_metadata(meta), path)
    found = read(path, survey)["distance"]
    np.testing.assert_allclose(found, columns()["distance"] / u.kpc.to("m"), rtol=1e-12)


def test_the_map_may_override_a_wrong_unit(tmp_path):
    survey = survey_of(tmp_path, distance={"source": "S_distance", "override_unit": "kpc"})
    found = read(write(table(), tmp_path, "fits"), survey)["distance"]
    np.testing.assert_array_equal(found, columns()["distance"])


def test_a_constant_stands_for_every_star_and_needs_no_column(tmp_path):
    survey = survey_of(tmp_path, pm_corr={"value": 0}, snr={"value": 99.5})
    made = table()
    made.remove_columns(["S_pm_corr", "S_snr"])
    found = read(write(made, tmp_path, "fits"), survey, 7)
    assert found["pm_corr"].tolist() == [0.0] * 23 and found["snr"].tolist() == [99.5] * 23


def test_columns_as_surveys_give_them(tmp_path):
    """Moduli, parallaxes, percentages, two-sided errors, values that stand for none, fractions."""
    rng = np.random.default_rng(3)
    made, n = table(), 23
    made["DM"], made["e_DM"] = rng.uniform(15, 19, n), rng.uniform(0.1, 0.4, n)
    made["plx"], made["e_plx"] = rng.uniform(0.05, 0.2, n), rng.uniform(0.01, 0.02, n)
    made["plx"][:2] = 0, -0.3
    made["pct"] = rng.uniform(1, 20, n)
    made["lo"], made["hi"] = -rng.uniform(1, 2, n), rng.uniform(1, 2, n)
    made["S_snr"][:3] = -4
    path = write(made, tmp_path, "fits")
    survey = survey_of(
        tmp_path,
        distance={"modulus": "DM"},
        distance_error={"modulus": "e_DM"},
        rv_error={"source": ["lo", "hi"], "unit": "km/s"},
        pmra_error={"fraction": "pct", "unit": "percent"},
        pmdec_error={"percentiles": ["lo", "hi"], "unit": "mas/yr"},
        snr={"source": "S_snr", "missing": -4, "scale": 0.5},
        logg={"source": "S_logg", "offset": 2.0},
    )
    found = read(path, survey)
    np.testing.assert_allclose(found["snr"][3:], 0.5 * made["S_snr"][3:])
    np.testing.assert_allclose(found["logg"], made["S_logg"] + 2)
    d = 10 ** (made["DM"] / 5 - 2)
    np.testing.assert_allclose(found["distance"], d)
    np.testing.assert_allclose(found["distance_error"], np.log(10) / 5 * d * made["e_DM"])
    np.testing.assert_allclose(found["rv_error"], 0.5 * (made["hi"] - made["lo"]))
    np.testing.assert_allclose(found["pmra_error"], np.abs(found["pmra"]) * made["pct"] / 100)
    np.testing.assert_allclose(found["pmdec_error"], 0.5 * (made["hi"] - made["lo"]))
    assert np.isnan(found["snr"]).tolist() == [True] * 3 + [False] * 20
    survey = survey_of(
        tmp_path,
        distance={"parallax": "plx", "unit": "mas"},
        distance_error={"parallax": "e_plx", "unit": "mas"},
    )
    found = read(path, survey)
    np.testing.assert_allclose(found["distance"][2:], 1 / made["plx"][2:])
    assert np.isnan(found["distance"][:2]).all()
    expected = made["e_plx"][2:] / made["plx"][2:] ** 2
    np.testing.assert_allclose(found["distance_error"][2:], expected)


def test_galactic_positions_and_motions_become_equatorial(tmp_path):
    rng = np.random.default_rng(4)
    made, n = table(), 23
    motion = {
        "pm_ra_cosdec": np.asarray(made["S_pmra"]) * u.mas / u.yr,
        "pm_dec": np.asarray(made["S_pmdec"]) * u.mas / u.yr,
    }
    icrs = SkyCoord(made["S_ra"], made["S_dec"], **motion)
    made["l"], made["b"] = icrs.galactic.l, icrs.galactic.b
    made["pml"], made["pmb"] = icrs.galactic.pm_l_cosb, icrs.galactic.pm_b
    made["e_l"], made["e_b"] = rng.uniform(0.1, 0.2, n), rng.uniform(0.3, 0.4, n)
    made["S_pm_corr"] = rng.uniform(-0.9, 0.9, n)
    galactic = {name: {"source": name, "unit": "deg"} for name in ("l", "b")}
    galactic |= {name: {"source": name, "unit": "mas/yr"} for name in ("pml", "pmb")}
    galactic |= {f"pm{a}_error": {"source": f"e_{a}", "unit": "mas/yr"} for a in "lb"}
    gone = dict.fromkeys(("ra", "dec", "pmra", "pmdec", "pmra_error", "pmdec_error"))
    found = read(write(made, tmp_path, "ecsv"), survey_of(tmp_path, **gone, **galactic))
    for name in ("ra", "dec", "pmra", "pmdec"):
        np.testing.assert_allclose(found[name], made[f"S_{name}"], rtol=1e-9, atol=1e-9)
    # The ellipse of errors is turned and not changed.
    error = found["pmra_error"], found["pmdec_error"]
    np.testing.assert_allclose(np.hypot(*error), np.hypot(made["e_l"], made["e_b"]))
    area = error[0] * error[1] * np.sqrt(1 - found["pm_corr"] ** 2)
    np.testing.assert_allclose(
        area, made["e_l"] * made["e_b"] * np.sqrt(1 - made["S_pm_corr"] ** 2)
    )
    # A step along its long axis in l and b is one along it in ra and dec.
    step = SkyCoord(
        icrs.galactic.l, icrs.galactic.b, frame="galactic",
        pm_l_cosb=made["e_l"] * u.mas / u.yr, pm_b=made["S_pm_corr"] * made["e_b"] * u.mas / u.yr,
    ).icrs  # fmt: skip
    c = np.array([found["pmra_error"] ** 2, found["pm_corr"] * error[0] * error[1]])
    c2 = np.array([c[1], found["pmdec_error"] ** 2])
    a, d = step.pm_ra_cosdec.value, step.pm_dec.value
    det = c[0] * c2[1] - c[1] ** 2
    np.testing.assert_allclose((c2[1] * a**2 - 2 * c[1] * a * d + c[0] * d**2) / det, 1)


@pytest.mark.parametrize(
    ("entry", "values", "bad"),
    [
        ({"good": 1}, [1, 0, 1, 7], [0, 1, 0, 1]),
        ({"good": True}, [True, False, True, False], [0, 1, 0, 1]),
        ({"good": [0, 4]}, [0, 4, 1, 5], [0, 0, 1, 1]),
        ({"good": ["STAR", "OK"]}, ["STAR", "GALAXY", "OK", ""], [0, 1, 0, 1]),
        ({"bits": [1, 3]}, [0, 2, 5, 8], [0, 1, 0, 1]),
    ],
    ids=str,
)
def test_flags_whose_good_stars_are_not_0(tmp_path, entry, values, bad):
    made = table()[:4]
    made["S_flag"] = values
    survey = survey_of(tmp_path, flag={"source": "S_flag", **entry})
    assert read(write(made, tmp_path, "fits"), survey)["flag"].tolist() == bad


def test_the_map_s_own_cuts_say_which_was_the_first_not_passed(tmp_path):
    made = table()[:4]
    made["snr"], made["class"] = [9.0, 3.0, np.nan, 9.0], ["STAR", "STAR", "STAR", "QSO"]
    survey = survey_of(tmp_path, {"where": ["snr > 5", "class == STAR"]})
    for ending in ("fits", "csv"):
        block = next(Catalogue(write(made, tmp_path, ending), survey).blocks())
        assert block["where"].tolist() == [-1, 0, 0, 1]


def test_a_cut_on_words_as_if_they_were_numbers_is_refused(tmp_path):
    made = table()
    made["class"] = ["STAR"] * len(made)
    survey = survey_of(tmp_path, {"where": ["class > 5"]})
    for ending in ("fits", "csv"):
        with pytest.raises(UserError, match=r"column class.* row 1 .*'STAR'"):
            read(write(made, tmp_path, ending), survey)


@pytest.mark.parametrize("ids", [("12_3", "1_23"), ("007", "7"), ("+5", "5")])
def test_identifiers_in_text_are_those_that_are_written(tmp_path, survey, ids):
    made = table(star_id=[*ids, *map(str, range(21))])
    found = read(write(made, tmp_path, "csv"), survey)["star_id"]
    assert found[:2].tolist() == [text.encode() for text in ids]


def test_identifiers_that_lost_digits_are_refused_in_text(tmp_path, survey):
    made = table()
    made["S_star_id"] = [f"{number / 7:.6e}" for number in columns()["star_id"]]
    with pytest.raises(UserError, match="not decimals"):
        read(write(made, tmp_path, "csv"), survey)


def test_without_identifiers_each_row_is_a_star_of_its_own(tmp_path):
    survey = survey_of(tmp_path, star_id=None)
    assert read(write(table(), tmp_path, "csv"), survey, 7)["star_id"].tolist() == list(range(23))


@pytest.mark.parametrize("shift", [0, 180, 360])
def test_right_ascension_is_an_angle(tmp_path, survey, shift):
    made = table()
    made["S_ra"] = np.where(made["S_ra"] > 180, made["S_ra"] - shift, made["S_ra"])
    expected = np.mod(made["S_ra"], 360)
    np.testing.assert_array_equal(read(write(made, tmp_path, "fits"), survey)["ra"], expected)


@pytest.mark.parametrize(("unit", "factor"), [("hours", 1 / 15), ("radians", np.pi / 180)])
def test_positions_that_are_plainly_no_degrees_are_refused(tmp_path, survey, unit, factor):
    made = table()
    made["S_ra"] = np.linspace(0.1, 359.9, len(made)) * factor
    made["S_dec"] = made["S_dec"] * (factor if unit == "radians" else 1)
    with pytest.raises(UserError, match=rf"S_ra, mapped to ra, .* in {unit}"):
        read(write(made, tmp_path, "csv"), survey)


@pytest.mark.parametrize("ending", ["ecsv", "csv", "fits", "vot", "parquet", "h5"])
def test_columns_that_no_one_maps_stop_nothing(tmp_path, survey, ending):
    made = table()
    made["place"] = SkyCoord(made["S_ra"], made["S_dec"])
    made["epoch"] = Time(np.full(len(made), 2016.0), format="jyear")
    if ending != "ecsv":
        made.remove_columns(["place", "epoch"])
    if ending in ("fits", "vot", "h5"):
        made["many"] = np.zeros((len(made), 3))
    else:
        made["words"] = ["null", "é ü", "x" * 200_000] + ["n/a"] * (len(made) - 3)
    path = write(made, tmp_path, ending)
    if ending == "parquet":
        rows = pyarrow.parquet.read_table(path)
        struct = pa.array([{"a": 1, "b": [2]}] * len(made))
        pyarrow.parquet.write_table(rows.append_column("deep", struct), path)
    if ending == "csv":
        lines = path.read_text().splitlines()
        lines = [f"{line},,{line[:3]}" for line in lines]
        path.write_bytes("\n".join(lines).encode("latin-1", "replace"))
    if ending == "fits":
        with fits.open(path) as opened:
            opened[1].columns  # noqa: B018
            hdu = fits.BinTableHDU.from_columns(
                [*opened[1].columns, fits.Column("u1", "D"), fits.Column("u2", "D")]
            )
            for number in (len(hdu.columns) - 1, len(hdu.columns)):
                hdu.header[f"TTYPE{number}"] = "twice"
            fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
    found = read(path, survey)
    assert found["star_id"].tolist() == columns()["star_id"].tolist()
    np.testing.assert_array_equal(found["logg"], columns()["logg"])


@pytest.mark.parametrize("gap", ["", "null", "NULL", "NA", "N/A", "None", "--", "nan"])
def test_words_that_stand_for_no_value_are_gaps(tmp_path, survey, gap):
    path = write(table(units=False), tmp_path, "csv")
    lines = path.read_text().splitlines()
    cells = lines[3].split(",")
    cells[table().colnames.index("S_rv")] = gap
    path.write_text("\n".join([*lines[:3], ",".join(cells), *lines[4:]]) + "\n")
    found = read(path, survey)
    assert np.flatnonzero(np.isnan(found["rv"])).tolist() == [2]
    assert found["star_id"].dtype == np.int64


def test_gaia_s_bulk_files_are_ecsv_called_csv(tmp_path, survey):
    made = table()
    text = io.StringIO()
    made.write(text, format="ascii.ecsv", delimiter=",")
    lines = text.getvalue().splitlines()
    last = lines[-1].split(",")
    last[made.colnames.index("S_feh")] = "null"
    path = tmp_path / "GaiaSource_000000-003111.csv.gz"
    path.write_bytes(gzip.compress("\n".join([*lines[:-1], ",".join(last), ""]).encode()))
    found = read(path, survey)
    np.testing.assert_array_equal(found["distance"], columns()["distance"] * 1e-3)
    assert np.flatnonzero(np.isnan(found["feh"])).tolist() == [22]


def test_cds_tables_are_described_in_a_file_beside(tmp_path, survey):
    write(table(), tmp_path, "mrt")
    lines = (tmp_path / "stars.mrt").read_text().splitlines()
    rulers = [n for n, line in enumerate(lines) if len(line) > 5 and not line.strip("-=")]
    head = "\n".join(lines[: rulers[-1] + 1]).replace("file: table.dat", "file: stars.dat")
    (tmp_path / "ReadMe").write_text(head.replace("file: datafile1.txt", "file: stars.dat") + "\n")
    data = "\n".join(lines[rulers[-1] + 1 :])
    (tmp_path / "stars.dat.gz").write_bytes(gzip.compress(data.encode()))
    found = read(tmp_path / "stars.dat.gz", survey)
    assert found["star_id"].tolist() == columns()["star_id"].tolist()
    np.testing.assert_allclose(found["rv"], columns()["rv"] / 1000, rtol=1e-11)


def test_votable_columns_are_found_by_name_or_id(tmp_path):
    path = write(table(), tmp_path, "vot")
    text = path.read_text().replace('ID="S_rv"', 'ID="col7"')
    path.write_text(text.replace('name="S_rv"', 'name="HRV"'))
    for source in ("col7", "HRV"):
        survey = survey_of(tmp_path, rv={"source": source, "unit": "m/s"})
        np.testing.assert_array_equal(read(path, survey)["rv"], columns()["rv"] * 1e-3)


def test_a_binary_votable_is_read_whole_or_refused(tmp_path, survey):
    path = tmp_path / "stars.vot"
    for kind in ("binary", "binary2"):
        table().write(path, format="votable", tabledata_format=kind, overwrite=True)
        np.testing.assert_array_equal(read(path, survey)["rv"], columns()["rv"] * 1e-3)
    text = path.read_text().replace("<TABLE>", '<TABLE nrows="23">')
    begin, end = text.index('encoding="base64">') + 18, text.index("</STREAM>")
    for left, says in ((50, "not readable as VOTable"), (600, "says that it has .* rows and has")):
        path.write_text(text[:begin] + "".join(text[begin:end].split())[:left] + text[end:])
        with pytest.raises(UserError, match=says):
            read(path, survey)
    rows = 'href="http://localhost/rows" encoding="base64">'
    path.write_text(text[: begin - 18] + rows + text[end:])
    with pytest.raises(UserError, match="its rows are in another file"):
        read(path, survey)


@pytest.mark.parametrize(("status", "words"), [("OVERFLOW", ""), ("ERROR", "row limit of 2000")])
def test_a_table_that_its_server_calls_incomplete_is_refused(tmp_path, survey, status, words):
    path = write(table(), tmp_path, "vot")
    info = f'<INFO name="QUERY_STATUS" value="{status}">{words}</INFO></RESOURCE>'
    path.write_text(path.read_text().replace("</RESOURCE>", info))
    with pytest.raises(UserError, match=rf"{status}.*{words}.*not whole"):
        read(path, survey)


def test_the_plus_of_topcat_an_image_and_an_empty_checksum_are_no_matter(tmp_path, survey):
    plus = fits.PrimaryHDU(np.frombuffer(b"<VOTABLE/>", np.uint8))
    hdu = fits.table_to_hdu(table())
    hdu.header["CHECKSUM"] = ""
    image = fits.ImageHDU(np.zeros((3, 3)))
    image.header["CHECKSUM"] = "0" * 16
    fits.HDUList([plus, image, hdu]).writeto(tmp_path / "stars.fits")
    found = read(tmp_path / "stars.fits", survey)
    np.testing.assert_array_equal(found["logg"], columns()["logg"])


def test_cells_of_one_value_are_that_value(tmp_path, survey):
    made = table()
    made["S_rv"] = np.asarray(made["S_rv"])[:, None]
    found = read(write(made, tmp_path, "fits"), survey)
    np.testing.assert_array_equal(found["rv"], columns()["rv"] * 1e-3)


def extensions(tmp_path, other_rows=slice(None)):
    """Three extensions of the same stars, each with some columns, as DESI lays them out."""
    made = table()
    parts = {"RVTAB": made.colnames[:9], "GAIA": made.colnames[9:16], "SPTAB": made.colnames[16:]}
    hdus = [fits.PrimaryHDU()]
    for name, names in parts.items():
        part = made[names][other_rows] if name == "GAIA" else made[names]
        part["TARGETID"] = columns()["star_id"][other_rows if name == "GAIA" else slice(None)]
        hdus.append(fits.table_to_hdu(part))
        hdus[-1].header["EXTNAME"] = name
    fits.HDUList(hdus).writeto(tmp_path / "stars.fits", overwrite=True)
    return tmp_path / "stars.fits"


def test_extensions_of_the_same_stars_are_joined(tmp_path):
    path = extensions(tmp_path)
    joined = {"table": ["RVTAB", "GAIA", "SPTAB"]}
    found = read(path, survey_of(tmp_path, joined, rv={"source": "RVTAB.S_rv"}), 7)
    np.testing.assert_array_equal(found["rv"], columns()["rv"] * 1e-3)
    np.testing.assert_array_equal(found["afe"], columns()["afe"])
    with pytest.raises(UserError, match="extensions 1 RVTAB, 2 GAIA, 3 SPTAB"):
        read(path, survey_of(tmp_path))
    for rows, words in ((slice(5), "has 5 rows"), (slice(None, None, -1), "differ in TARGETID")):
        with pytest.raises(UserError, match=words):
            read(extensions(tmp_path, rows), survey_of(tmp_path, joined))


@pytest.mark.parametrize("chosen", ["stars", 2])
def test_a_table_is_chosen_by_name_or_number(tmp_path, chosen):
    other, hdu = fits.table_to_hdu(Table({"a": [1]})), fits.table_to_hdu(table())
    hdu.header["EXTNAME"] = "stars"
    fits.HDUList([fits.PrimaryHDU(), other, hdu]).writeto(tmp_path / "stars.fits")
    two = votable.from_table(Table({"a": [1]}))
    two.resources[0].tables.append(votable.from_table(table()).get_first_table())
    two.resources[0].tables[1].name = "stars"
    two.to_xml(str(tmp_path / "stars.vot"))
    for ending in ("fits", "vot"):
        found = read(tmp_path / f"stars.{ending}", survey_of(tmp_path, {"table": chosen}))
        np.testing.assert_array_equal(found["logg"], columns()["logg"])
    with h5py.File(write(table(), tmp_path, "hdf5"), "a") as file:
        file["other/x"], file["other/y"] = [1, 2], [3, 4]
    found = read(tmp_path / "stars.hdf5", survey_of(tmp_path, {"table": "/data"}))
    np.testing.assert_array_equal(found["logg"], columns()["logg"])


def test_metadata_of_a_table_of_ours_come_along(tmp_path, survey):
    meta = {"synthetic": True, "catalogue": "mock", "parameters": {}}
    with star_tables.StarWriter(tmp_path / "t.fits", {"S_x": STAR_COLUMNS["x"]}) as writer:
        writer.meta = meta
    assert open_table(tmp_path / "t.fits").meta == meta
    made = table()
    made.meta = meta
    assert Catalogue(write(made, tmp_path, "h5"), survey).meta["synthetic"] is True
