"""Bad catalogues: each is refused in one line that says what to do, or its bad rows are counted.

A table of cases. Those that cleaning lets through go on to the samples, and nothing may be lost,
become NaN or be warned of on the way.
"""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from icefire.files import star_tables, text_tables
from icefire.files.columns import KINEMATIC_COLUMNS, SAMPLES

from . import catalogues as cat
from .calls import REPO
from .catalogues import N_ROWS, content, cut, edited, every, hdf5, hdus, masked, some, table, times
from .chain import Step, chain_of
from .test_bad_input import refused

H3 = REPO / "config" / "surveys" / "h3.yaml"
# The steps from a catalogue to the samples
STEPS = ("clean_catalog", "compute_kinematics", "flag_substructure", "select_samples")

FLAG, SNR, POSITION, DISTANCE = "flag is not 0", "signal-to-noise", "position missing", "distance"
RV, PM, ERROR = "radial velocity missing", "proper motion missing", "an error missing"
DOUBLE, NEITHER = "another row of the same star", "halo star without the abundances that tell"
NAN, INF = float("nan"), float("inf")
AGAIN = "fetch or make the file again"
MAP = "map"  # what to correct


@dataclasses.dataclass(frozen=True)
class Case:
    """A catalogue, and what must become of it.

    `says`: words of the line that refuses it. `counted`: how many rows go under which reason, of
    how many. `survey` changes keys of the column map.
    """

    name: str
    build: cat.Build
    says: tuple[str, ...] = ()
    counted: dict[str, int] = dataclasses.field(default_factory=dict)
    rows: int = N_ROWS
    survey: dict = dataclasses.field(default_factory=dict)


REFUSED: list[Case] = []
COUNTED: list[Case] = []


def refuse(name: str, build: cat.Build, *says: str, survey: dict | None = None) -> None:
    REFUSED.append(Case(name, build, says, survey=survey or {}))


def count(name: str, build: cat.Build, counted: dict | None = None, **more) -> None:
    COUNTED.append(Case(name, build, counted=counted or {}, **more))


def ids(*texts) -> np.ndarray:
    """Identifiers, the given ones first."""
    return np.array([*texts, *(f"star {i}" for i in range(len(texts), N_ROWS))])


# --- columns ---------------------------------------------------------------------------------

words = table(Vrad=np.array(["fast"] * N_ROWS))
refuse("texts for numbers", words, "Vrad, mapped to rv", "numbers", "map rv")
rv_map = {"columns.rv.source": "RV"}
refuse("column missing", table(), "column RV, mapped to rv, is missing", MAP, survey=rv_map)
refuse("column of another case", edited(".fits", b"'RA  ", b"'ra  "), "RA", "has ra", MAP)
refuse("name twice, FITS", edited(".fits", b"'DEC  ", b"'RA   "), "named RA", "rename")
refuse("name twice, CSV", edited(".csv", b",DEC,", b",RA,"), "named RA", "rename")
refuse(
    "name twice, ECSV", edited(".ecsv", b"name: DEC", b"name: RA"), "describes the columns", AGAIN
)
refuse("name in Latin 1, FITS", edited(".fits", b"'tileID", b"'til\xe9ID"), "tileID", MAP)
refuse("one word among numbers", table(".csv", Vrad=ids("1")), "Vrad", "row 2", "'star 1'")
refuse("two values per star", table(Vrad=np.zeros((N_ROWS, 2))), "Vrad", "several values")
refuse("complex numbers", table(Vrad=np.zeros(N_ROWS, complex)), "Vrad", "numbers")
count("boolean flag", table(FLAG=some(True, True)), {FLAG: 2})
count("boolean flag neither true nor false", cat.null_flags(3), {FLAG: 3})
count("big-endian single precision", table(".hdf5", SNR=np.full(N_ROWS, 9, ">f4")))
count("masked integers", table(FLAG=masked(3)), {FLAG: 3})

# --- units -----------------------------------------------------------------------------------

count("pc, and the file says so", table(dist_adpt=times(1000, "pc")))
pc_map = {"columns.distance.unit": "pc"}
count("pc, and the map says so", table(".csv", dist_adpt=times(1000, None)), survey=pc_map)
refuse(
    "pc, but kpc is said",
    table(dist_adpt=times(1000, "kpc")),
    *("dist_adpt, mapped to distance", "24 of 24", "in pc?", "columns.distance.unit"),
)
count("pc in two rows", table(dist_adpt=some(15000.0, 20000.0)), {DISTANCE: 2})
refuse(
    "m/s, but km/s is said",
    table(Vrad=times(1000, "km/s")),
    "Vrad, mapped to rv",
    "are they in m/s?",
)
refuse("every value missing", table(Vrad=every(NAN)), "no star is left of 24", "24 go", RV)
refuse("unit misspelt", edited(".fits", b"'kpc  ", b"'kpcs "), "dist_adpt", "'kpcs'", "the file")
refuse("km/s for [Fe/H]", table(FeH=times(1, "km/s")), "FeH", "'km s-1'", "the file")
no_unit = {"columns.distance.unit": None}
refuse(
    "no unit", table(".csv"), "dist_adpt", "no unit", "add columns.distance.unit", survey=no_unit
)

# --- values ----------------------------------------------------------------------------------

GAPS = (NAN, INF, -INF, -9999.0, 1e20, 1e300)
for reason, names in {
    POSITION: ("RA", "DEC"),
    DISTANCE: ("dist_adpt",),
    RV: ("Vrad",),
    PM: ("GAIAEDR3_PMRA", "GAIAEDR3_PMDEC"),
    ERROR: ("Vrad_err", "GAIAEDR3_PMRA_ERROR", "GAIAEDR3_PMRA_PMDEC_CORR"),
}.items():
    # Of each column in rows of their own
    gaps = {name: some(*GAPS, after=6 * i) for i, name in enumerate(names)}
    count(f"{', '.join(names)} NaN, infinite, fills gaps", table(**gaps), {reason: 6 * len(names)})
for ending in sorted(cat.WRITERS.keys() - {".hdf5"}):
    count(f"some masked ({ending})", table(ending, Vrad=masked(3), SNR=masked(1)), {RV: 2, SNR: 1})
count(
    "RA and Dec off the sphere",
    table(RA=some(1e9), DEC=some(0, -91, 91)),
    {POSITION: 3},
)
count("distance zero or negative", table(dist_adpt=some(0.0, -12.0)), {DISTANCE: 2})
for name in ("dist_adpt_err", "GAIAEDR3_PMRA_ERROR"):
    count(f"{name} negative or huge", table(**{name: some(-1.0, 1e9, 1e200)}), {ERROR: 3})
count("errors zero", table(Vrad_err=every(0.0), dist_adpt_err=every(0.0)))
count("correlation above 1", table(GAIAEDR3_PMRA_PMDEC_CORR=some(1.01, -1.01, 1, -1)), {ERROR: 2})
count("SNR zero, negative, infinite", table(SNR=some(0.0, -3.0, -INF, INF)), {SNR: 3})
count("flag 1, -1, NaN", table(FLAG=some(1.0, -1.0, NAN)), {FLAG: 3})
for name, reason in (("logg", "not a giant"), ("FeH", NEITHER), ("aFe", NEITHER)):
    gaps = some(NAN, INF, -INF, -9999.0, -9.99)
    count(f"{name} NaN, infinite, fills gaps", table(**{name: gaps}), {reason: 5})
count(
    "many faults in one row", table(FLAG=some(1), Vrad=some(NAN), dist_adpt=some(-1.0)), {FLAG: 1}
)
too_large = np.array(["1e999", *map(str, range(1, N_ROWS))])
count("numbers beyond double precision", table(".csv", Vrad=too_large), {RV: 1})

# --- rows and identifiers --------------------------------------------------------------------

for ending in cat.WRITERS:
    refuse(f"no row ({ending})", table(ending, rows=slice(0)), "holds no row")
count("one row", table(rows=slice(1)), rows=1)
count("every star three times", table(rows=np.tile(np.arange(8), 3)), {DOUBLE: 16})
count("one star in every row", table(H3_ID=every(7)), {DOUBLE: N_ROWS - 1})
count("trailing blanks", table(".hdf5", H3_ID=ids("a", "a  ", "a ")), {DOUBLE: 2})
count("texts without one", table(".ecsv", H3_ID=MaskedColumn(ids(), mask=np.arange(N_ROWS) < 3)))
count("texts with #", table(".csv", H3_ID=ids("#1", "#2")))
count("texts with #, ECSV", table(".ecsv", H3_ID=ids("#1", "#2")))
count(
    "the largest integers", table(H3_ID=np.uint64(2**63 - N_ROWS) + np.arange(N_ROWS, dtype="u8"))
)
huge = np.uint64(2**63 - 5) + np.arange(N_ROWS, dtype=np.uint64)
refuse("integers too large", table(H3_ID=huge), "H3_ID", "64-bit", "another column")
refuse("decimals", table(H3_ID=np.arange(N_ROWS) + 0.5), "H3_ID", "decimals", "another column")
refuse("integers masked", table(H3_ID=masked(2)), "H3_ID", "empty")
greek = table(".ecsv", H3_ID=ids("α Boo"))
refuse("identifiers in Greek", greek, "H3_ID", "ASCII", "another column")
long = ids("x" * 10**4).astype("S")
refuse("ten thousand characters", table(tileID=long), "tileID", "1000 characters", "map field")
count("field names with anything", table(".hdf5", tileID=ids("a\nb", 'c,"d"', "e f", "", "#")))

# --- files -----------------------------------------------------------------------------------

refuse("cut, FITS", cut(".fits", 0.1), AGAIN)
refuse("cut, HDF5", cut(".h5", -1), AGAIN)
refuse("cut within a row, CSV", cut(".csv", -70), "line 25 has 9 cells", AGAIN)
refuse("cut within a row, ECSV", cut(".ecsv", -70), "line 49 has 9 cells", AGAIN)
refuse("cut, VOTable", cut(".vot", 0.7), AGAIN)
refuse("one cell too many, CSV", edited(".csv", b",100\n", b",100,7\n"), "line 2 has 21", AGAIN)
refuse("quotation mark not closed", edited(".csv", b",100\n", b',"100\n'), "quotation mark", AGAIN)
count("semicolons in CSV", edited(".csv", b",", b";", -1))
count("byte order mark, CSV", edited(".csv", b"H3_ID", b"\xef\xbb\xbfH3_ID"))
count("carriage returns, CSV", edited(".csv", b"\n", b"\r\n", -1))
for ending in (*cat.WRITERS, ".parquet"):
    refuse(f"empty file ({ending})", content(f"stars{ending}", b""))
for ending in (".h5", ".csv", ".vot"):
    refuse(f"wrong first bytes ({ending})", content(f"stars{ending}", b"\x7fELF\0\xff" * 999))
    refuse(f"prose ({ending})", content(f"stars{ending}", b"These are words,\nno table: [\n"))
refuse("Parquet that is none", content("stars.parquet", b"PAR1" + b"\0" * 99))
count("FITS called CSV", cat.renamed(".fits", "stars.csv"))
refuse("CSV called FITS", cat.renamed(".csv", "stars.fits"), "SIMPLE", "ending")
refuse("gzip cut short", cat.zipped("stars.fits.gz", keep=0.8), "gzip", AGAIN)
refuse("bzip2", content("stars.fits", b"BZh91AY"), "bzip2", "decompress")
refuse("another ending", content("stars.npy", b"x"), ".fits .fit .h5")
count("capital ending", cat.renamed(".fits", "STARS.FITS"))
refuse("FITS image", hdus(lambda: fits.ImageHDU(np.zeros((4, 4)))), AGAIN)
refuse("two FITS tables", hdus(cat.hdu, cat.hdu), "extensions 1, 2", "`table`")
for what, card, wrong in (
    ("10^15 rows", b"NAXIS2  =                   24", b"NAXIS2  =     1000000000000000"),
    ("format", b"TFORM4  = 'D ", b"TFORM4  = 'Q?"),
    ("metadata", b"TUNIT2  = 'deg ", b"ICEFIRE = '{\" "),
):
    refuse(f"FITS header with a wrong {what}", edited(".fits", card, wrong))
refuse("HDF5, no table", hdf5(".h5", lambda f: f.clear()), "found none", "`table`")
second_table = hdf5(".h5", lambda f: f.update({"second": f["rcat"][:3]}))
refuse("HDF5, two tables", second_table, "/rcat, /second", "`table`")
refuse(
    "HDF5, a scalar", hdf5(".h5", lambda f: cat.replace_dataset(f, "rcat", f["rcat"][0])), "none"
)
folder_beside = hdf5(".hdf5", lambda f: f["data"].create_group("A").update({"version": 3}))
count("HDF5, a group beside the columns", folder_beside)
dead_link = hdf5(".hdf5", lambda f: f["data"].update({"A": h5py.SoftLink("/nowhere")}))
count("HDF5, a link to nothing", dead_link)
two_tables = (b"</RESOURCE>", b"<TABLE><FIELD name='a' datatype='int'/></TABLE></RESOURCE>")
refuse("VOTable, two tables", edited(".vot", *two_tables), "2 tables", "`table`")
refuse("VOTable, entities without end", content("stars.vot", cat.entities()), AGAIN)
python = b"# meta: !!python/object/apply:os.mkdir [executed]\n# datatype:"
refuse("ECSV, Python in its header", edited(".ecsv", b"# datatype:", python), AGAIN)
count("ECSV, odd metadata", edited(".ecsv", b"# datatype:", b"# meta: [1, 2]\n# datatype:"))
synthetic = b"# meta: {synthetic: true, parameters: 3}\n# datatype:"
refuse("ECSV that says synthetic", edited(".ecsv", b"# datatype:", synthetic), "simulate_survey.py")
refuse("nothing there", lambda folder: folder / "stars.fits", "No such file")
refuse("directory", cat.directory, "not a file")
refuse("device", cat.device, "not a file")
refuse("name too long", lambda folder: folder / ("x" * 300 + ".fits"), "name too long")


def steps(folder: Path, config: dict, catalogue: Path, survey: Path = H3) -> list[Step]:
    """The steps from a catalogue to the samples, writing into a folder."""
    laid_out = chain_of(folder, config, catalogue)
    clean, kinematics, flags, select = map(laid_out.of_script, STEPS)
    satellites = REPO / flags.inputs["--satellites"][0].relative_to(folder)
    clean, flags = clean.reading("--survey", survey), flags.reading("--satellites", satellites)
    return [clean, kinematics, flags, select]


def made_by(case: Case, tmp_path: Path) -> tuple[Path, Path]:
    """Build a case in a folder of its own; give its catalogue and column map."""
    folder = tmp_path / "in"
    folder.mkdir()
    return case.build(folder), cat.survey(tmp_path, case.survey) if case.survey else H3


def named(cases: list[Case]) -> list:
    return [pytest.param(case, id=case.name) for case in cases]


@pytest.mark.parametrize("case", named(REFUSED))
def test_refused(case, config, tmp_path):
    catalogue, survey = made_by(case, tmp_path)
    before = sorted(os.listdir(catalogue.parent))
    line = refused(steps(tmp_path / "run", config, catalogue, survey)[0])
    assert f"error: {catalogue}: " in line
    for words in case.says:
        assert words in line
    assert sorted(os.listdir(catalogue.parent)) == before
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("case", named(COUNTED))
def test_counted(case, config, tmp_path):
    catalogue, survey = made_by(case, tmp_path)
    laid_out = steps(tmp_path / "run", config, catalogue, survey)
    for step in laid_out:
        done = step.call()
        assert (step.script, done.status, done.err) == (step.script, 0, "")
    clean, _, flags, select = laid_out
    everything_adds_up(select, case.rows)
    ledger = Table.read(select.outputs["--ledger"])
    removed = {row["reason"]: int(row["n_removed"]) for row in ledger if row["n_removed"]}
    wanted = {r: n for r in ledger["reason"] for words, n in case.counted.items() if words in r}
    assert removed == wanted
    assert len(wanted) == len(case.counted)
    stars = star_tables.StarReader(flags.outputs["--stars"]).all()
    for name in KINEMATIC_COLUMNS:
        assert np.isfinite(stars[name]).all(), name
    # Distances are those of the good table, whatever unit they came in.
    rows = [tuple(row) for row in cat.good()["RA", "DEC", "dist_adpt"]]
    found = zip(stars["ra"], stars["dec"], stars["distance"].round(9), strict=True)
    assert set(found) <= set(rows)
    fields = text_tables.read_ecsv(clean.outputs["--fields"], ("l", "b", "n_stars"))
    assert fields["n_stars"].sum() == case.rows - sum(
        number for reason, number in removed.items() if POSITION in reason
    )


def everything_adds_up(select: Step, rows: int) -> None:
    """Make sure that the ledger leads from every row to the samples, one removal after another."""
    ledger = Table.read(select.outputs["--ledger"])
    assert ledger["n_in"][0] == rows
    assert np.array_equal(ledger["n_in"][1:], ledger["n_out"][:-1])
    assert np.array_equal(ledger["n_in"] - ledger["n_removed"], ledger["n_out"])
    found = {s: star_tables.StarReader(select.outputs[f"--{s}"]).n_rows for s in SAMPLES}
    left = {row["step"]: row for row in ledger}
    assert found["halo"] == left["halo"]["n_out"]
    assert found["accreted"] == left["accreted"]["n_out"]
    assert found["insitu"] == left["insitu"]["n_removed"]


def mistake(key: str, value, *says: str) -> Case:
    """A column map with a wrong key (None: without it), and what the message names."""
    name = f"map: {key} {'missing' if value is None else value!r:.30}"
    return Case(name, lambda folder: cat.survey(folder, {key: value}), says or (key,))


def no_map(what: str, data: bytes, *says: str) -> Case:
    return Case(f"map: {what}", content("m.yaml", data), says)


MAPS = [
    mistake("colums", {}, "unknown key colums", "known are"),
    mistake("name", None, "name is missing"),
    mistake("synthetic", "yes"),
    mistake("cuts_off", ["snr"]),
    mistake("tracer", ["BHB"]),
    mistake("bounds", {"min_dec": -20}, "bounds.min_dec", "known are"),
    mistake("bounds", {"min_dec_deg": -200}, "bounds.min_dec_deg", "-90 to 90"),
    mistake("cuts_off", {"sagitarius": "x"}, "cuts_off.sagitarius", "known are"),
    mistake("columns.ra.value", 3.0, "columns.ra", "either"),
    mistake("columns.ra.sourc", "RA", "columns.ra.sourc", "known are"),
    mistake("columns.ra.unit", "degz", "columns.ra.unit", "'degz'"),
    mistake("columns.rv.modulus", "DM", "columns.rv.modulus", "known are"),
    mistake("columns.rv_error.source", ["a", "b", "c"], "columns.rv_error.source"),
    mistake("columns.snr.missing", "none", "columns.snr.missing", "number"),
    mistake("columns.flag.bits", 3, "columns.flag.bits", "list"),
    mistake("columns.l", {"source": "L", "unit": "deg"}, "columns.ra and columns.l", "twice"),
    mistake("table", 1.5, "table"),
    mistake("where", "snr", "'snr > 5'"),
    mistake("where", ["snr > many"], "'snr > many'", "no number"),
    mistake("columns.star_id", None, "no star_id", "cuts_off.duplicates"),
    mistake("columns.ra.unit", "kpc", "columns.ra.unit", "'deg'"),
    mistake("columns.ra.scale", "2"),
    mistake("columns.snr", {"value": "high"}, "columns.snr.value"),
    mistake("columns.star_id", {"value": 7}, "columns.star_id", "cannot share"),
    mistake("columns.pm_corr", None, "columns.pm_corr is missing"),
    mistake("columns.snr", None, "no snr", "cuts_off.snr"),
    no_map("key twice", b"name: a\nname: b\n", "line 2", "name", "twice"),
    no_map("not UTF-8", b"name: \xe9\n", "utf-8", "correct the file"),
    no_map("Python in it", b"name: !!python/name:os.mkdir\n", "python/name"),
    Case("map: nothing there", lambda folder: folder / "m.yaml", ("No such file",)),
]


@pytest.mark.parametrize("case", named(MAPS))
def test_a_bad_column_map_is_refused(case, config, tmp_path):
    (tmp_path / "maps").mkdir()
    survey = case.build(tmp_path / "maps")
    catalogue = cat.write(cat.good(), tmp_path / "stars.fits")
    line = refused(steps(tmp_path / "run", config, catalogue, survey)[0])
    assert f"error: {survey}: " in line
    for words in case.says:
        assert words in line


@pytest.mark.parametrize("ending", [".fits", ".csv"])
def test_without_permission(config, tmp_path, ending):
    path = cat.write(cat.good(), tmp_path / f"stars{ending}")
    path.chmod(0)
    clean = steps(tmp_path / "run", config, path)[0]
    command = [sys.executable, REPO / "scripts" / "clean_catalog.py", *clean.argv()]
    if os.geteuid() == 0:
        # Root without the capabilities that let it read what it may not
        powers = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"clean_catalog.py: error: {path}: Permission denied\n"
    assert not (tmp_path / "run").exists() or not os.listdir(tmp_path / "run")


ODD_NAMES = [
    'it\'s "quoted" `mkdir executed` $HOME $(mkdir executed); mkdir executed && b | c > d ',
    "two\nlines\r\n, tab\tand \x1b[31mred\x07",
    os.fsdecode(b"not UTF-8 \xff\xfe"),
    "é雪🌟 * ? [1] {a,b} %s %(x)s \\n ~ ! # &",
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_odd_names_are_names_like_any_other(config, tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for ending in (".fits", ".h5", ".csv"):
        plain = cat.write(cat.good(), tmp_path / f"stars{ending}")
        odd = plain.rename(folder / f"{name}{ending}")
        clean = steps(folder / "run", config, odd)[0]
        done = clean.call()
        assert (done.status, done.err) == (0, ""), ending
        assert star_tables.StarReader(clean.outputs["--clean"]).n_rows == N_ROWS
    odd_map = Path(shutil.copy(H3, folder / f"{name}.yaml"))
    assert steps(folder / "run", config, odd, odd_map)[0].call().status == 0
    # Where the catalogue is refused, its name makes no second line and no control character.
    line = refused(steps(folder / "run", config, folder / f"no {name}.fits")[0])
    assert line.isprintable()
    assert not list(tmp_path.rglob("executed"))
    assert not Path("executed").exists()
