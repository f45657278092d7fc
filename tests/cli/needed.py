"""The columns that each script asks for, and tables that have no more than those."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from astropy.table import Table

from icefire.files import star_tables, text_tables
from icefire.files.columns import CLEAN_COLUMNS, KINEMATIC_COLUMNS, STAR_COLUMNS, Column
from icefire.judge.asymmetry import EFFECTS
from icefire.synthetic import published

from .calls import REPO
from .chain import Step

SURVEY = yaml.safe_load((REPO / "config" / "surveys" / "h3.yaml").read_text(encoding="utf-8"))
MAPPED = {source["source"]: name for name, source in SURVEY["columns"].items()}


def spread(text: str) -> tuple[str, ...]:
    """Give names: `v[_error]` stands for v and v_error, `v[68]` for v, v_lo68 and v_hi68."""
    names: list[str] = []
    for word in text.split():
        name, _, more = word.rstrip("]").partition("[")
        names.append(name)
        for ending in more.split(",") if more else ():
            ends = (ending,) if ending.startswith("_") else (f"_lo{ending}", f"_hi{ending}")
            names += [name + end for end in ends]
    return tuple(names)


SATELLITE = "name ra dec radius distance rv sigma_v pmra pmdec"
SATELLITE_ERRORS = (f" {name}_error" for name in ("distance", "rv", "pmra", "pmdec"))
ASTROMETRY = "star_id ra dec distance[_error] rv[_error] pmra[_error] pmdec[_error] pm_corr"
VELOCITIES = "v_r[_error] v_phi[_error] v_theta[_error]"
ERRORS = "v_r_error v_phi_error v_theta_error"
COVARIANCES = "cov_rphi cov_rtheta cov_phitheta"
LITERATURE = "source quantity kind verified r_lo r_mid r_hi value err_lo err_hi"
CALIBRATION = (
    "scenario method quantity n_lo n_hi error_lo error_hi r_lo r_hi halos bins bias[_error]"
    " coverage68[_error] coverage95[_error]"
)
ASYMMETRY = "test sample fixed p p_worst " + " ".join(
    f"{effect}[_error,_null95]" for effect in EFFECTS
)
SHELLS = "quadrant r_lo r_mid r_hi n_stars"
# Of every table that a script reads, the columns that it asks for
NEEDED = {
    (script, flag): spread(names)
    for script, flags, names in (
        ("simulate_survey", "satellites", f"{SATELLITE} kind radius_kind"),
        ("clean_catalog", "catalogue", " ".join(MAPPED)),
        ("compute_kinematics", "clean", ASTROMETRY),
        ("flag_substructure", "clean", " ".join(CLEAN_COLUMNS)),
        ("flag_substructure", "kinematics", " ".join(["star_id", *KINEMATIC_COLUMNS])),
        ("flag_substructure", "satellites", SATELLITE + "".join(SATELLITE_ERRORS)),
        ("select_samples", "stars", " ".join(STAR_COLUMNS)),
        ("run_realisations", "stars", f"{VELOCITIES} {COVARIANCES} x y z r l b"),
        ("run_calibration", "stars", f"r l b {ERRORS} {COVARIANCES}"),
        ("plot_calibration", "table", CALIBRATION),
        ("test_asymmetry", "halo accreted insitu", "x y z r v_r ra l b feh"),
        ("summarise_asymmetry", "halo", "x y z r v_r l b"),
        ("plot_asymmetry", "table", ASYMMETRY),
        ("plot_asymmetry", "map", "R_lo R_hi phi_lo phi_hi n ln_sigma_r"),
        ("plot_footprint", "fields", "l b n_stars"),
        ("plot_chemistry", "stars", "feh afe is_giant is_sagittarius is_satellite"),
        ("plot_chemistry", "halo", "feh afe"),
        ("plot_velocity_errors", "halo", "r v_r_error v_phi_error v_theta_error"),
        ("plot_sigma_plane", "halo accreted insitu", "x y n_stars sigma_r"),
        ("plot_sigma_plane", "halo-stars accreted-stars insitu-stars", "x y"),
        ("plot_sigma_sky", "halo accreted insitu", "pixel n_stars sigma_r"),
        ("plot_line_of_sight", "sky", "n_stars accreted_fraction sigma_r[68]"),
        ("plot_sigma_profile", "accreted insitu", f"{SHELLS} sigma_r[68,95]"),
        ("plot_sigma_profile", "literature", LITERATURE),
        ("plot_beta_profile", "halo", f"{SHELLS} beta[68,95]"),
        ("plot_beta_profile", "literature", LITERATURE),
        ("collect_numbers", "ledger", "step reason n_in n_removed n_out"),
        ("collect_numbers", "clean", "distance"),
        ("collect_numbers", "halo accreted insitu", f"{VELOCITIES} feh x y z l b r"),
        ("collect_numbers", "sky", "n_stars accreted_fraction sigma_r[68] beta[68]"),
        ("collect_numbers", "accreted-radial insitu-radial", "quadrant r_mid n_stars sigma_r"),
        ("verify_run", "catalogue", ""),
        ("verify_run", "stars halo accreted insitu", "star_id x r feh afe is_giant lz energy"),
        ("verify_run", "ledger", "step reason n_in n_removed n_out"),
        ("verify_run", "xy", "x y n_stars sigma_r[68,95] beta"),
        ("verify_run", "xz", "x z n_stars sigma_phi[68]"),
        ("verify_run", "sky", "pixel l b n_stars accreted_fraction sigma_theta"),
        ("verify_run", "radial", f"{SHELLS} beta[68,95]"),
        ("verify_run", "comparison", "claim value lo68 hi68 agrees"),
        ("write_page", "table", "step reason n_in n_removed n_out"),
        ("check_synthetic", "catalogue", " ".join(published.CATALOGUE_COLUMNS)),
        ("check_synthetic", "truth", " ".join(published.TRUTH_COLUMNS)),
        ("check_synthetic", "stars", " ".join(published.STAR_COLUMNS)),
        ("check_synthetic", "ledger", "step n_in n_out"),
        ("plot_synthetic_check", "check", "quantity at target made error"),
        ("plot_synthetic_check", "distributions", "percentile distance feh afe lz energy"),
    )
    for flag in (f"--{word}" for word in flags.split())
}


def write(path: Path, columns: dict[str, np.ndarray], units: dict, meta: dict) -> None:
    """Write a table as the workflow does."""
    if path.suffix == ".ecsv":
        text_tables.write_ecsv(path, Table(columns, units=units), meta)
        return
    letters = {"b": "L", "i": "K", "f": "D", "S": "A"}
    formats = {name: letters[values.dtype.kind] for name, values in columns.items()}
    described = {name: Column(formats[name], units.get(name), "") for name in columns}
    with star_tables.StarWriter(path, described) as writer:
        writer.write(columns)
        writer.meta = meta


def read(path: Path) -> tuple[dict[str, np.ndarray], dict, dict]:
    """Read the first rows of a table, all of a small one: columns, units and metadata."""
    if path.suffix == ".ecsv":
        table = Table.read(path, format="ascii.ecsv")[:50]
        return {name: table[name] for name in table.colnames}, {}, table.meta
    reader = star_tables.StarReader(path)
    return reader.read(0, 50), reader.units, reader.meta


def shorten(step: Step, folder: Path) -> Step:
    """Give a step with tables of fewer rows, columns and metadata, which are quick to read.

    One that holds tables against each other gets whole ones.
    """
    if step.script == "verify_run":
        return step
    for (script, flag), names in NEEDED.items():
        if script == step.script:
            path = step.inputs[flag][0]
            columns, units, meta = read(path)
            kept = {name: columns[name] for name in names if name in columns}
            step = step.reading(flag, folder / f"{script}{flag}{path.suffix}")
            write(step.inputs[flag][0], kept, units, without_model(meta))
    return step


def without_model(meta: dict) -> dict:
    """Take the model of the synthetic survey, hundreds of lines, out of a table's metadata."""
    if "parameters" not in meta:
        return meta
    steps = {name: step for name, step in meta["parameters"].items() if name != "simulate_survey"}
    return {**meta, "parameters": steps}
