"""A finished run in which one thing is wrong: verify_run.py refuses it and names the place."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.table import Table

from icefire.files import star_tables, text_tables
from icefire.files.columns import CLEAN_COLUMNS, STAR_COLUMNS

from .chain import Step
from .needed import without_model


def read_stars(path: Path) -> tuple[dict, dict]:
    reader = star_tables.StarReader(path)
    return reader.all(), reader.meta


def write_stars(path: Path, stars: dict, meta: dict) -> None:
    columns = {name: STAR_COLUMNS[name] for name in stars}
    with star_tables.StarWriter(path, columns) as writer:
        writer.write(stars)
        writer.meta = meta


@pytest.fixture(scope="module")
def light(chain, tmp_path_factory) -> Step:
    """The step with tables whose metadata are short, and so quick to read."""
    folder = tmp_path_factory.mktemp("light")
    step = chain.of_script("verify_run").writing_to(folder)
    inputs = {}
    for flag, paths in step.inputs.items():
        inputs[flag] = []
        for number, path in enumerate(paths):
            copy = folder / f"{flag.strip('-')}{number}{path.suffix}"
            inputs[flag].append(copy)
            if path.suffix == ".ecsv":
                table = Table.read(path, format="ascii.ecsv")
                text_tables.write_ecsv(copy, table, without_model(table.meta))
            elif path.suffix == ".fits" and flag != "--catalogue":
                stars, meta = read_stars(path)
                write_stars(copy, stars, without_model(meta))
            else:
                shutil.copy(path, copy)
    return dataclasses.replace(step, inputs=inputs)


@pytest.fixture(scope="module")
def remembered(light) -> Callable:
    """Read tables, those that no case has changed only once."""
    read = text_tables.read_ecsv
    again = functools.cache(read)
    untouched = {path for paths in light.inputs.values() for path in paths}

    def reading(path, *columns):
        return (again if Path(path) in untouched else read)(path, *columns)

    return reading


@pytest.fixture(autouse=True)
def read_tables_once(remembered, monkeypatch):
    monkeypatch.setattr(text_tables, "read_ecsv", remembered)


class Files:
    """The files of a run, each copied before it is changed."""

    def __init__(self, step: Step, folder: Path):
        self.step, self._folder = step.writing_to(folder / "out"), folder

    def path(self, flag: str, number: int = 0) -> Path:
        """Give the path of a file that may be changed."""
        good = self.step.inputs[flag][number]
        if good.parent == self._folder:
            return good
        bad = self._folder / good.name
        shutil.copy(good, bad)
        paths = [bad if path == good else path for path in self.step.inputs[flag]]
        self.step = self.step.reading_all(flag, paths)
        return bad

    def table(self, change: Callable, flag: str, number: int = 0) -> None:
        """Change a small table: `change` gets it, and may give another one."""
        path = self.path(flag, number)
        table = Table.read(path, format="ascii.ecsv")
        table = change(table) or table
        text_tables.write_ecsv(path, table, table.meta)

    def stars(self, change: Callable, flag: str) -> None:
        """Change a star table: `change` gets its columns, and may give others."""
        path = self.path(flag)
        stars, meta = read_stars(path)
        write_stars(path, change(stars) or stars, meta)

    def rows(self, pick: Callable, flag: str) -> None:
        """Keep other rows of a star table: `pick` gives their numbers from how many there are."""
        self.stars(lambda s: {name: v[pick(len(v))] for name, v in s.items()}, flag)

    def numbers(self, change: Callable, flag: str = "--numbers") -> None:
        """Change numbers.yaml."""
        path = self.path(flag)
        numbers = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(numbers)
        path.write_text(yaml.safe_dump(numbers, sort_keys=False), encoding="utf-8")

    def text(self, old: str, new: str, flag: str, number: int) -> None:
        """Change a text where it is first, or take its line out if nothing is put there."""
        path = self.path(flag, number)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if old in line)
        lines[at] = lines[at].replace(old, new, 1) if new else ""
        path.write_text("".join(lines), encoding="utf-8")


CASES: dict[str, tuple] = {}


def case(name: str, *words: str):
    """Add a case: a function that breaks the files, and words that the line must have."""

    def add(function: Callable) -> Callable:
        assert name not in CASES
        CASES[name] = function, words
        return function

    return add


def cell(column: str, row: int, change: Callable):
    """Make a change of one value of a table."""

    def apply(table: Table) -> None:
        table[column][row] = change(table[column][row])

    return apply


def measured(table: Table, column: str = "sigma_r") -> int:
    """Give a row that has a value."""
    return int(np.flatnonzero(np.isfinite(table[column]))[0])


# --- ledger ----------------------------------------------------------------------------------

for _column in ("n_in", "n_removed", "n_out"):
    case(f"ledger: one {_column}", "ledger0.ecsv: row ", "(aleph), n_")(
        lambda files, column=_column: files.table(cell(column, 11, lambda n: n + 1), "--ledger")
    )


@case("ledger: one star more from the first row to the last", "ledger0", "row 0 (clean), n_in")
def _(files):
    def change(table):
        table["n_in"] += 1
        table["n_out"] += 1

    files.table(change, "--ledger")


@case("ledger: a star under another reason", "ledger0", "(sagittarius), n_removed")
def _(files):
    def change(table):
        table["n_removed"][9] -= 1
        table["n_removed"][10] += 1
        table["n_out"][9] += 1
        table["n_in"][10] += 1

    files.table(change, "--ledger")


@case("ledger: a star back from neither sample", "ledger0", "(accreted), n_out")
def _(files):
    def change(table):
        table["n_removed"][-1] += 1
        table["n_out"][-1] -= 1

    files.table(change, "--ledger")


@case("ledger: a row less than none", "ledger0", "n_removed is -1")
def _(files):
    def change(table):
        table["n_removed"][2], table["n_removed"][3] = -1, table["n_removed"][3] + 1
        table["n_out"][2] += 1
        table["n_in"][3] += 1

    files.table(change, "--ledger")


@case("ledger: a row is missing", "ledger0", "column step")
def _(files):
    files.table(lambda table: table[[i for i in range(len(table)) if i != 11]], "--ledger")


@case("ledger: other samples in its metadata", "ledger0", "metadata, samples")
def _(files):
    def change(table):
        table.meta["samples"]["halo"] += 1

    files.table(change, "--ledger")


@case("survey table: of another number of rows", "ledger0", "row 0 (clean), n_in")
def _(files):
    path = files.path("--catalogue")
    reader = star_tables.StarReader(path)
    stars = reader.read(1, reader.n_rows, ("RA",))
    with star_tables.StarWriter(path, {"RA": CLEAN_COLUMNS["ra"]}) as writer:
        writer.write(stars)


# --- samples ---------------------------------------------------------------------------------


def _swapped(files) -> None:
    """Put an in-situ star at its place among the accreted ones, and out of the in-situ sample."""
    insitu, _ = read_stars(files.path("--insitu"))
    halo, _ = read_stars(files.step.inputs["--halo"][0])
    accreted, _ = read_stars(files.path("--accreted"))
    moved = insitu["star_id"][3]
    ids = {*accreted["star_id"].tolist(), moved}
    chosen = np.array([star in ids for star in halo["star_id"].tolist()])
    files.stars(lambda s: {name: values[chosen] for name, values in halo.items()}, "--accreted")
    files.rows(lambda n: np.delete(np.arange(n), 3), "--insitu")


case("samples: a star in the other one", "accreted0.fits", "star ", "its chemistry")(_swapped)


@case("samples: a star in both", "insitu0.fits", "it is accreted as well")
def _(files):
    insitu, _ = read_stars(files.step.inputs["--insitu"][0])
    _swapped(files)
    files.stars(lambda s: insitu, "--insitu")


for _sample in ("halo", "accreted", "insitu"):
    _flag = f"--{_sample}"
    case(f"samples: a star of {_sample} twice", f"{_sample}0.fits: ", "star ")(
        lambda files, flag=_flag: files.rows(lambda n: np.r_[0, 0:n], flag)
    )
    case(f"samples: the first star of {_sample} is missing", f"{_sample}0.fits: ", "star ")(
        lambda files, flag=_flag: files.rows(lambda n: np.arange(1, n), flag)
    )
    case(f"samples: the last star of {_sample} is missing", f"{_sample}0.fits: ", "is not in it")(
        lambda files, flag=_flag: files.rows(lambda n: np.arange(n - 1), flag)
    )
    case(f"samples: two stars of {_sample} in another order", f"{_sample}0.fits: row 0 is star ")(
        lambda files, flag=_flag: files.rows(lambda n: np.r_[1, 0, 2:n], flag)
    )

    def _faster(stars):
        stars["v_r"][5] += 0.001

    case(f"samples: a velocity of {_sample}", f"{_sample}0.fits: row 5 is star ")(
        lambda files, flag=_flag, change=_faster: files.stars(change, flag)
    )


@case("samples: a star that the cuts take out", "halo0.fits: row ", "does not follow")
def _(files):
    stars, _ = read_stars(files.step.inputs["--stars"][0])
    out = np.flatnonzero(stars["is_sagittarius"] & (stars["r"] > 10))[0]
    files.stars(lambda s: {n: np.r_[v, stars[n][out : out + 1]] for n, v in s.items()}, "--halo")


for _name in ("is_giant", "is_sagittarius", "is_aleph", "is_unbound"):

    def _flip(stars, name=_name):
        stars[name][7] = not stars[name][7]

    case(f"stars: one {_name}", "stars0.fits: row 7 (star ", _name)(
        lambda files, change=_flip: files.stars(change, "--stars")
    )


@case("stars: a radius", "stars0.fits: row 7 (star ", "), r is ")
def _(files):
    def change(stars):
        stars["r"][7] *= 1.001

    files.stars(change, "--stars")


@case("stars: a satellite's star that is in the halo", "halo0.fits: row ", "star ")
def _(files):
    halo, _ = read_stars(files.step.inputs["--halo"][0])

    def change(stars):
        stars["is_satellite"][stars["star_id"] == halo["star_id"][2]] = True

    files.stars(change, "--stars")


# --- summaries -------------------------------------------------------------------------------

for _geometry in ("xy", "xz", "sky", "radial"):
    case(f"summaries: one n_stars of {_geometry}", f"{_geometry}1.ecsv: row 3 (", "n_stars")(
        lambda files, flag=f"--{_geometry}": files.table(
            cell("n_stars", 3, lambda n: n + 1), flag, 1
        )
    )

    def _gap(table):
        table["sigma_phi"][measured(table)] = np.nan

    case(f"summaries: no median in {_geometry}", f"{_geometry}0.ecsv: row ", "sigma_phi is nan")(
        lambda files, flag=f"--{_geometry}", change=_gap: files.table(change, flag)
    )

    def _bin(table, column={"xy": "x", "xz": "z", "sky": "b", "radial": "r_hi"}[_geometry]):
        table[column][4] += 0.001

    case(f"summaries: a bin of {_geometry} elsewhere", f"{_geometry}2.ecsv: row 4 (")(
        lambda files, flag=f"--{_geometry}", change=_bin: files.table(change, flag, 2)
    )


@case("summaries: a value from too few stars", "radial2.ecsv: row ", "beta is 0.5", "minimum is 10")
def _(files):
    def change(table):
        table["beta"][np.flatnonzero(table["n_stars"] < 10)[0]] = 0.5

    files.table(change, "--radial", 2)


for _low, _high in (("_lo95", "_lo68"), ("_lo68", ""), ("", "_hi68"), ("_hi68", "_hi95")):

    def _swap(table, low=f"beta{_low}", high=f"beta{_high}"):
        row = measured(table)
        table[low][row], table[high][row] = table[high][row], table[low][row]

    case(f"summaries: beta{_low} and beta{_high} swapped", "sky0.ecsv: row ", "is lower")(
        lambda files, change=_swap: files.table(change, "--sky")
    )


@case("summaries: a dispersion below zero", "xz0.ecsv: row ", "sigma_theta_lo95 is -1.0")
def _(files):
    def change(table):
        table["sigma_theta_lo95"][measured(table)] = -1

    files.table(change, "--xz")


@case("summaries: beta above one", "xy0.ecsv: row ", "beta_hi95 is 1.5")
def _(files):
    def change(table):
        table["beta_hi95"][measured(table)] = 1.5

    files.table(change, "--xy")


@case("summaries: an accreted fraction", "sky0.ecsv: row ", "accreted_fraction", "stars there")
def _(files):
    def change(table):
        table["accreted_fraction"][measured(table)] -= 0.001

    files.table(change, "--sky")


@case("summaries: no accreted fraction", "sky0.ecsv: row ", "accreted_fraction is nan")
def _(files):
    def change(table):
        table["accreted_fraction"][measured(table)] = np.nan

    files.table(change, "--sky")


@case("summaries: a bin is missing", "radial0.ecsv: its length is 19 bins")
def _(files):
    files.table(lambda table: table[1:], "--radial")


@case("summaries: one sample twice", "radial1.ecsv: its metadata say sample halo")
def _(files):
    shutil.copy(files.step.inputs["--radial"][0], files.path("--radial", 1))


@case("summaries: planes exchanged", "xz0.ecsv: column x", "is missing")
def _(files):
    files.table(lambda table: table["z", "n_stars"], "--xz")


# --- metadata --------------------------------------------------------------------------------


def _stale(step: str, name: str, value):
    def change(table):
        table.meta["parameters"][step][name] = value

    return change


case("metadata: a summary of another seed", "sky2.ecsv: made with other", "seed")(
    lambda files: files.table(_stale("run_realisations", "seed", 7), "--sky", 2)
)
case("metadata: a summary of other samples", "xy1.ecsv: made with other", "min_abs_z_kpc")(
    lambda files: files.table(_stale("select_samples", "min_abs_z_kpc", 8.0), "--xy", 1)
)
case("metadata: a ledger of other samples", "made with other", "min_radius_kpc")(
    lambda files: files.table(_stale("select_samples", "min_radius_kpc", 8.0), "--ledger")
)


@case("metadata: a summary of other code", "radial1.ecsv: made with other", "icefire_version")
def _(files):
    def change(table):
        table.meta["icefire_version"] = "0.0.1"

    files.table(change, "--radial", 1)


@case("metadata: all summaries of other bins", "its length is ", "its metadata describe")
def _(files):
    for flag in ("--xy", "--xz", "--sky", "--radial"):
        for number in range(3):
            files.table(_stale("run_realisations", "radial_bins", 9), flag, number)


@case("metadata: no parameter of that name", "its metadata do not name", "sky_nside")
def _(files):
    def change(table):
        del table.meta["parameters"]["run_realisations"]["sky_nside"]

    for flag in ("--xy", "--xz", "--sky", "--radial"):
        for number in range(3):
            files.table(change, flag, number)


@case("metadata: a star table that is not synthetic", "made with other", "synthetic")
def _(files):
    path = files.path("--accreted")
    stars, meta = read_stars(path)
    write_stars(path, stars, {**meta, "synthetic": False})


# --- numbers ---------------------------------------------------------------------------------


def _number(key: str, end: str, change: Callable):
    def apply(numbers):
        *groups, last = key.split(".")
        for group in groups:
            numbers = numbers[group]
        numbers[last][end] = change(numbers[last][end])

    return apply


for _key, _end in (
    ("counts.rows", "value"),
    ("counts.good_beyond_5_kpc", "value"),
    ("counts.removed_as_aleph", "value"),
    ("counts.insitu", "value"),
    ("plain_dispersion.halo.sigma_r", "value"),
    ("plain_dispersion.accreted.beta", "hi68"),
    ("plain_dispersion.halo_feh_slice_1.sigma_theta", "lo68"),
    ("velocity_error.median_v_r", "value"),
    ("velocity_error.median_tangential_over_line_beyond_30_kpc", "value"),
    ("line_of_sight.n_measured", "value"),
    ("line_of_sight.sigma_r_min", "hi68"),
    ("line_of_sight.beta_rank_correlation", "value"),
    ("profile.insitu_share_drop", "value"),
    ("map.accreted.xy_direction_deg", "lo68"),
    ("map.accreted.pitch_deg", "value"),
    ("map.accreted.chi_square_of_5", "value"),
    ("map.cold_insitu.sigma_r", "value"),
    ("map.hot_minus_cold_sigma_r", "value"),
    ("quadrant.beta_difference", "hi68"),
    ("quadrant.beta_difference_in_errors", "value"),
):
    _change = _number(_key, _end, lambda v: v + 1 if isinstance(v, int) else v * 1.001)
    case(f"numbers.yaml: {_key}, {_end}", f"numbers0.yaml: {_key}, {_end} is ")(
        lambda files, change=_change: files.numbers(change)
    )

case("numbers.yaml: a number is none", "numbers0.yaml: map.accreted.contrast, value is None")(
    lambda files: files.numbers(_number("map.accreted.contrast", "value", lambda v: None))
)
case("numbers.yaml: a text", "numbers0.yaml: counts.halo, value is 'many'")(
    lambda files: files.numbers(_number("counts.halo", "value", lambda v: "many"))
)
case("numbers.yaml: another unit", "numbers0.yaml: plain_dispersion.halo.sigma_r, unit is m/s")(
    lambda files: files.numbers(_number("plain_dispersion.halo.sigma_r", "unit", lambda v: "m/s"))
)


@case("numbers.yaml: a number is missing", "numbers0.yaml: quadrant.first_beta is missing")
def _(files):
    files.numbers(lambda numbers: numbers["quadrant"].pop("first_beta"))


@case("numbers.yaml: a number too many", "numbers0.yaml: counts.dwarfs is in it")
def _(files):
    files.numbers(lambda numbers: numbers["counts"].update(dwarfs={"value": 3}))


@case("numbers.yaml: half a slice", "numbers0.yaml: plain_dispersion.halo_feh_slice_1 is ")
def _(files):
    files.numbers(lambda n: n["plain_dispersion"]["halo_feh_slice_1"].pop("feh_to"))


@case("numbers.yaml: no group of numbers", "numbers0.yaml: counts is no number")
def _(files):
    files.numbers(lambda numbers: numbers.update(counts=3))


@case("numbers.yaml: not synthetic", "numbers0.yaml: catalogue is ")
def _(files):
    files.numbers(lambda numbers: numbers["catalogue"].update(synthetic=False))


# --- texts and comparison --------------------------------------------------------------------

for _number_of, _text, _new, *_words in (
    (1, "\\icefireCountsHalo}{", "\\icefireCountsHalo}{1", "\\icefireCountsHalo is 1"),
    (1, "SigmaRLow}{", "SigmaRLow}{9", "\\icefirePlainDispersionHaloSigmaRLow is 9"),
    (1, "\\icefireCountsHalo}", "", "CountsHalo is missing"),
    (1, "CountsHalo}", "CountsWhole}", "CountsHalo is missing"),
    (1, "\\newcommand{\\icefireCountsGood}", "\\def\\Good", "line "),
    (1, "SYNTHETIC", "", "its catalogue is not synthetic"),
    (2, "|counts.halo| replace:: ", "|counts.halo| replace:: 9", "|counts.halo| is 9"),
    (2, "|counts.giants|", "", "counts.giants is missing"),
    (
        2,
        "halo.sigma_r| replace:: 1",
        "halo.sigma_r| replace:: 2",
        "|plain_dispersion.halo.sigma_r|",
    ),
    (2, "km/s (1", "km/s (2", "dispersion.halo.sigma_r| is 2"),
    (2, "km/s", "m/s", "|plain_dispersion.halo.sigma_r|"),
    (2, " to ", " - ", "|plain_dispersion.halo.sigma_r| is "),
    (2, "**Synthetic", "**Measured", "its catalogue is not synthetic"),
    (2, ".. |counts.good|", "|counts.good|", "line "),
):
    _file = f"numbers{_number_of}"
    case(f"{('', 'tex', 'rst')[_number_of]}: {_text!r} -> {_new!r}", f"{_file}.", *_words)(
        lambda files, old=_text, new=_new, n=_number_of: files.text(old, new, "--numbers", n)
    )


@case("tex: a macro twice", "numbers1.tex: line ", "it is there twice")
def _(files):
    path = files.path("--numbers", 1)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[-1]]), encoding="utf-8")


@case("rst: no text", "numbers2.rst: is no text")
def _(files):
    files.path("--numbers", 2).write_bytes(b"\xff\xfe\x00")


for _column, _words in (
    ("value", ("comparison0.ecsv: row 3 (stars in the halo sample), value is ",)),
    ("lo68", ("comparison0.ecsv: row 3 (", "lo68")),
):
    case(f"comparison: one {_column}", *_words)(
        lambda files, column=_column: files.table(cell(column, 3, lambda v: 7.0), "--comparison")
    )


@case("comparison: one verdict", "comparison0.ecsv: row 3 (", "agrees is ", "it is ")
def _(files):
    def change(table):
        says = {"yes": "no", "no": "yes"}
        table["agrees"] = [says[v] if i == 3 else v for i, v in enumerate(table["agrees"].tolist())]

    files.table(change, "--comparison")


@case("comparison: a claim is missing", "comparison0.ecsv: row 2, claim is ", "claims0.yaml has")
def _(files):
    files.table(lambda table: table[[0, 1, *range(3, len(table))]], "--comparison")


@case("comparison: of another catalogue", "comparison0.ecsv: catalogue is ")
def _(files):
    def change(table):
        table.meta["catalogue"] = "SEGUE K giants"

    files.table(change, "--comparison")


@case("claims: about no number", "claims0.yaml: entry 0 is no claim")
def _(files):
    path = files.path("--claims")
    claims = yaml.safe_load(path.read_text(encoding="utf-8"))
    claims[0]["number"] = "counts.dwarfs"
    path.write_text(yaml.safe_dump(claims), encoding="utf-8")


# --- a second method -------------------------------------------------------------------------


def _with_second(files, change: Callable = lambda files: None) -> None:
    """Give the run a second method; its files are those of the first but for its name."""
    step, folder = files.step, files.step.outputs["--verified"].parent.parent
    given = {
        "--second-sky": step.inputs["--sky"][:1],
        "--second-radial": step.inputs["--radial"],
        "--second-numbers": step.inputs["--numbers"],
    }
    for flag, paths in given.items():
        copies = [folder / f"{flag.strip('-')}{n}{path.suffix}" for n, path in enumerate(paths)]
        for path, copy in zip(paths, copies, strict=True):
            shutil.copy(path, copy)
        files.step = files.step.reading_all(flag, copies)
        if flag != "--second-numbers":
            for n in range(len(copies)):
                files.table(_stale("run_realisations", "method", "bootstrap"), flag, n)

    def answers(table):
        for name in ("value", "lo68", "hi68", "agrees"):
            table[f"{name}_second"] = table[name]

    files.table(answers, "--comparison")
    change(files)


for _words, _change in {
    ("second-sky0.ecsv: row 1 (", "n_stars"): lambda files: files.table(
        cell("n_stars", 1, lambda n: n - 1), "--second-sky"
    ),
    ("second-numbers0.yaml: line_of_sight.sigma_r_max, value is ",): lambda files: files.numbers(
        _number("line_of_sight.sigma_r_max", "value", lambda v: v + 1), "--second-numbers"
    ),
    ("second-numbers1.tex: \\icefireCountsHalo is ",): lambda files: files.text(
        "CountsHalo}{", "CountsHalo}{1", "--second-numbers", 1
    ),
    ("comparison0.ecsv: row 4 (", "value_second"): lambda files: files.table(
        cell("value_second", 4, lambda v: v + 1), "--comparison"
    ),
    ("second-radial1.ecsv: made with other", "seed"): lambda files: files.table(
        _stale("run_realisations", "seed", 7), "--second-radial", 1
    ),
    ("second-radial2.ecsv: made with other", "method"): lambda files: files.table(
        _stale("run_realisations", "method", "likelihood"), "--second-radial", 2
    ),
}.items():
    case(f"second method: {_words[0].split(' is')[0]}", *_words)(
        lambda files, change=_change: _with_second(files, change)
    )


# --- the tests -------------------------------------------------------------------------------


def test_a_whole_run_is_verified_and_the_report_says_what_was_compared(light, config):
    done = light.call()
    assert (done.status, done.err) == (0, "")
    text = light.outputs["--verified"].read_text(encoding="utf-8")
    assert done.out == text
    assert "synthetic catalogue: nothing here is a measurement" in text.splitlines()[0]
    lines = dict(line.split("  ", 1) for line in text.splitlines()[2:])
    nside, bins = config["geometry"]["sky"]["nside"], config["geometry"]["radial"]["bins"]
    assert f"{3 * 12 * nside**2} bins, n_stars as counted anew" in lines["sky"]
    assert f"{3 * 5 * bins} bins, n_stars as counted anew" in lines["radial"]
    assert "82 numbers, 82 of them computed anew" in lines["numbers.yaml"]
    assert str(light.inputs["--halo"][0].parent) not in text


def test_a_second_method_is_verified_too(light, tmp_path):
    files = Files(light, tmp_path)
    files.step.outputs["--verified"].parent.mkdir()
    _with_second(files)
    done = files.step.call()
    assert (done.status, done.err) == (0, "")
    assert "second sky" in done.out and "second numbers.yaml" in done.out
    wrong = files.step.reading_all("--second-sky", [])
    assert "--second-sky" in wrong.call().err


@pytest.mark.parametrize("name", CASES)
def test_a_broken_invariant_is_refused_and_its_place_named(light, tmp_path, outcome, name):
    change, words = CASES[name]
    files = Files(light, tmp_path)
    change(files)
    report = files.step.outputs["--verified"]
    report.parent.mkdir()
    report.write_text("what was true before")
    done = files.step.call()
    assert (done.status, done.out, len(done.err.splitlines())) == (2, "", 1), done
    line = done.err.strip().removeprefix("verify_run.py: error: ")
    for word in words:
        assert word in line, line
    assert not list(report.parent.iterdir())
    said = line.replace(f"{tmp_path}/", "").replace(f"{light.outputs['--verified'].parent}/", "")
    outcome("invariants broken on purpose", name, said.split("; ")[0])
