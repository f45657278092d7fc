"""One survey as DESI, Gaia and journals publish theirs: the whole workflow gives the same bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import yaml
from astropy.io import fits
from astropy.table import Table
from workflow.conftest import copy_project, snakemake

# Our column: its unit, its name in the H3 table, in one like DESI's, and in one like Gaia's
COLUMNS = {
    "star_id": (None, "H3_ID", "RVTAB.TARGETID", "source_id"),
    "ra": ("deg", "RA", "RVTAB.TARGET_RA", "ra"),
    "dec": ("deg", "DEC", "RVTAB.TARGET_DEC", "dec"),
    "distance": ("kpc", "dist_adpt", "FIBERMAP.DIST", "r_med"),
    "distance_error": ("kpc", "dist_adpt_err", "FIBERMAP.DIST_ERR", "r_error"),
    "rv": ("km/s", "Vrad", "RVTAB.VRAD", "radial_velocity"),
    "rv_error": ("km/s", "Vrad_err", "RVTAB.VRAD_ERR", "radial_velocity_error"),
    "pmra": ("mas/yr", "GAIAEDR3_PMRA", "GAIA.PMRA", "pmra"),
    "pmra_error": ("mas/yr", "GAIAEDR3_PMRA_ERROR", "GAIA.PMRA_ERROR", "pmra_error"),
    "pmdec": ("mas/yr", "GAIAEDR3_PMDEC", "GAIA.PMDEC", "pmdec"),
    "pmdec_error": ("mas/yr", "GAIAEDR3_PMDEC_ERROR", "GAIA.PMDEC_ERROR", "pmdec_error"),
    "pm_corr": (None, "GAIAEDR3_PMRA_PMDEC_CORR", "GAIA.PMRA_PMDEC_CORR", "pmra_pmdec_corr"),
    "snr": (None, "SNR", "SPTAB.SN_R", "snr"),
    "logg": (None, "logg", "RVTAB.LOGG", "logg"),
    "feh": (None, "FeH", "RVTAB.FEH", "fe_h"),
    "feh_error": (None, "FeH_err", "RVTAB.FEH_ERR", "fe_h_error"),
    "afe": (None, "aFe", "RVTAB.ALPHAFE", "alpha_fe"),
    "afe_error": (None, "aFe_err", "RVTAB.ALPHAFE_ERR", "alpha_fe_error"),
    "flag": (None, "FLAG", "RVTAB.RVS_WARN", "flag"),
}
# In place of a gap until the text is written
GAP = -98765.5


def fits_table(stars: Table, path: Path) -> None:
    stars.write(path)


def desi_like(stars: Table, path: Path) -> None:
    """Five extensions of the same rows, one of which has nothing of ours."""
    parts: dict[str, Table] = {}
    for _, here, there, _ in COLUMNS.values():
        extension, name = there.split(".")
        parts.setdefault(extension, Table())[name] = stars[here]
    parts["SCORES"] = Table({"TARGETID": stars["H3_ID"]})
    hdus = [fits.BinTableHDU(part, name=name) for name, part in parts.items()]
    assert len(hdus) == 5
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)


def gaia_like(stars: Table, path: Path) -> None:
    """CSV with an ECSV header, `null` in the gaps, gzipped: Gaia's bulk files."""
    named = stars.copy()
    for _, here, _, there in COLUMNS.values():
        if named[here].dtype.kind == "f":
            named[here] = np.where(np.isfinite(named[here]), named[here], GAP)
        named.rename_column(here, there)
    named.write(plain := path.with_suffix(""), format="ascii.ecsv", delimiter=",")
    path.write_bytes(gzip.compress(plain.read_bytes().replace(str(GAP).encode(), b"null")))


def mrt(stars: Table, path: Path) -> None:
    stars.write(path, format="ascii.mrt")


# File: its maker, which name of COLUMNS it has, and what else its map says
FILES = {
    "plain.fits": (fits_table, 1, {}),
    "desi.fits": (desi_like, 2, {"table": ["RVTAB", "SPTAB", "FIBERMAP", "GAIA"]}),
    "gaia.csv.gz": (gaia_like, 3, {}),
    "journal.mrt": (mrt, 1, {}),
}


@pytest.fixture(scope="module")
def project(repo, tmp_path_factory) -> Path:
    """A copy of the project, and a survey's table in each kind of file."""
    folder = copy_project(repo, tmp_path_factory.mktemp("formats"))
    table = "results/tiny/synthetic/catalogue.fits"
    done = snakemake(folder, "--cores", "2", table, "--configfile", "tests/faults/tiny.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    stars = Table.read(folder / table)[[here for _, here, *_ in COLUMNS.values()]]
    stars.meta.clear()
    for name in stars.colnames:
        if stars[name].dtype.kind == "f":
            stars[name] = np.asarray(stars[name], float).round(8)
    # Gaps are not written in MRT as in other texts, so no star has one.
    stars = stars[np.all([np.isfinite(stars[name]) for name in stars.colnames], axis=0)]
    for name, (make, _, _) in FILES.items():
        make(stars, folder / name)
    return folder


def made_from(project: Path, file: str) -> dict[str, bytes]:
    """Run everything on a file by a map of its own; give the bytes of what is made."""
    _, which, more = FILES[file]
    name = file.partition(".")[0]
    lines = ["name: Survey", *(f"{key}: {value}" for key, value in more.items()), "columns:"]
    for ours, (unit, *names) in COLUMNS.items():
        said = f", unit: {unit}" if unit else ""
        lines.append(f"  {ours}: {{source: {names[which - 1]}{said}}}")
    assert len(lines) <= 30
    (project / "config" / "surveys" / f"{name}.yaml").write_text("\n".join(lines) + "\n")
    config = yaml.safe_load((project / "tests/faults/tiny.yaml").read_text())
    config |= {"run": name, "catalog": {"path": file, "survey": name}}
    (project / f"{name}.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(project, "--cores", "2", "--configfile", f"{name}.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    folders = [project / kind / name for kind in ("results", "figures")]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not {"logs", "benchmarks"} & {*path.relative_to(folder).parts}
    }


@pytest.fixture(scope="module")
def plain(project) -> dict[str, bytes]:
    return made_from(project, "plain.fits")


@pytest.mark.parametrize("file", [name for name in FILES if name != "plain.fits"])
def test_the_whole_workflow_gives_the_bytes_of_the_plain_table_s(project, plain, file):
    found = made_from(project, file)
    assert len(plain) > 50 and found.keys() == plain.keys()
    assert [name for name in plain if found[name] != plain[name]] == []
