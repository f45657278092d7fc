"""Flags whose values no step can work with: status 2, the flag named, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

POLYGONS = ["0", "0,0", "0,0:1,1", "0,0:1,0:1", "0,0:1,0:1,1,1", "0,0;1,0;1,1"]
WRONG = [
    ("simulate_survey", "--rows", "999"),
    ("simulate_survey", "--seed", "-1"),
    ("compute_kinematics", "--galcen-distance-kpc", "0"),
    ("compute_kinematics", "--galcen-distance-kpc", "-8"),
    ("compute_kinematics", "--sun-velocity-km-s", "1,2"),
    ("compute_kinematics", "--potential", "MilkyWayPotential"),
    ("flag_substructure", "--min-radius-deg", "-1"),
    ("flag_substructure", "--max-sigma", "-1"),
    ("flag_substructure", "--orbit-time-gyr", "0"),
    ("flag_substructure", "--orbit-time-gyr", "-1"),
    ("flag_substructure", "--orbit-step-myr", "0"),
    ("flag_substructure", "--orbit-step-myr", "-1"),
    ("select_samples", "--method", "chemistry"),
    *(
        (script, "--insitu-polygon", value)
        for script in ("flag_substructure", "select_samples", "plot_chemistry")
        for value in POLYGONS
    ),
    ("run_realisations", "--shard", str(2)),
    ("run_realisations", "--shard", "-1"),
    ("run_realisations", "--shards", "0"),
    ("run_realisations", "--shards", "9"),
    ("run_realisations", "--method", "han2023"),
    ("run_realisations", "--realisations", "0"),
    ("run_realisations", "--exclude-fraction", "1"),
    ("run_realisations", "--exclude-fraction", "-0.1"),
    ("run_realisations", "--min-stars", "0"),
    ("run_realisations", "--seed", "-1"),
    *(
        ("run_realisations", f"--{plane}-{what}-kpc", value)
        for plane in ("xy", "xz")
        for what in ("half-width", "step", "radius")
        for value in ("0", "-30")
    ),
    ("run_realisations", "--sky-nside", "3"),
    ("run_realisations", "--sky-nside", "0"),
    ("run_realisations", "--radial-bins", "0"),
    ("run_realisations", "--radial-min-kpc", "-1"),
    ("run_realisations", "--radial-min-kpc", "80"),
    ("run_calibration", "--shard", str(2)),
    ("run_calibration", "--shards", "4"),
    ("run_calibration", "--halos", "0"),
    ("run_calibration", "--halo-stars", "0"),
    ("run_calibration", "--realisations", "0"),
    ("run_calibration", "--seed", "-1"),
    ("run_calibration", "--min-stars", "1"),
    ("run_calibration", "--exclude-fraction", "1"),
    ("run_calibration", "--radial-min-kpc", "80"),
    ("run_calibration", "--galcen-distance-kpc", "0"),
    ("run_calibration", "--sun-velocity-km-s", "1,2"),
    ("run_calibration", "--min-abs-z-kpc", "-1"),
    ("plot_calibration", "--method-colors", "red,green"),
    ("plot_footprint", "--color", "bluish"),
    ("plot_footprint", "--field-diameter-deg", "0"),
    ("plot_velocity_errors", "--bins", "0"),
    ("plot_sigma_plane", "--plane", "yz"),
    ("plot_sigma_plane", "--cmap", "no_such_map"),
    ("plot_sigma_plane", "--levels", "1"),
    ("plot_sigma_plane", "--sigma-max-km-s", "60"),
    ("plot_sigma_sky", "--sigma-max-km-s", "60"),
    ("plot_line_of_sight", "--quantity", "sigma"),
    ("plot_line_of_sight", "--circle-area-per-star", "0"),
    ("plot_sigma_profile", "--literature-sources", "Gnedin+10,Nobody+99"),
    ("plot_beta_profile", "--literature-sources", "Gnedin+10"),
    ("plot_beta_profile", "--quadrant-colors", "red,green,blue"),
    ("plot_beta_profile", "--min-stars", "0"),
    ("collect_numbers", "--feh-slices", "-1"),
    ("collect_numbers", "--feh-slices", "-1,-2"),
]


@pytest.mark.parametrize(("script", "flag", "value"), WRONG)
def test_a_value_that_makes_no_sense_is_refused_and_its_flag_named(chain, script, flag, value):
    done = chain.of_script(script).writing_to(Path("out")).with_flag(flag, value).call()
    assert done.status == 2
    last = done.err.splitlines()[-1]
    assert "error:" in last
    assert flag in last
    assert not list(Path().rglob("out/*"))


@pytest.mark.parametrize("script", ["select_samples", "plot_chemistry"])
@pytest.mark.parametrize("given", [None, "--insitu-min-feh", "--accreted-max-feh"])
def test_feh_ranges_need_both_limits(chain, script, given):
    step = chain.of_script(script).writing_to(Path("out")).with_flag("--method", "feh_ranges")
    if given:
        step = step.with_flag(given, "-1")
    done = step.call()
    assert done.status == 2
    assert "needs --insitu-min-feh and --accreted-max-feh" in done.err
    assert len(done.err.splitlines()) == 1


def test_feh_ranges_may_not_overlap(chain):
    step = chain.of_script("select_samples").writing_to(Path("out"))
    step = step.with_flag("--method", "feh_ranges")
    done = step.with_flag("--insitu-min-feh", "-1.5").with_flag("--accreted-max-feh", "-1").call()
    assert done.status == 2
    assert "--insitu-min-feh" in done.err


@pytest.mark.parametrize("script", ["flag_substructure", "select_samples", "plot_chemistry"])
@pytest.mark.parametrize("given", [True, False])
def test_a_polygon_is_needed_where_there_are_alpha_abundances(chain, script, given):
    step = chain.of_script(script).writing_to(Path("out"))
    step = (
        step.with_flag("--insitu-polygon", "") if given else step.without_flag("--insitu-polygon")
    )
    done = step.call()
    assert done.status == 2
    assert "--insitu-polygon" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("step", "flag"),
    [
        ("plot_sigma_xy", "--gse-axis-ratio"),
        ("plot_sigma_xy", "--gse-angle-deg"),
        ("plot_sigma_xz", "--gse-axes"),
        ("plot_sigma_xz", "--gse-pitch-deg"),
        ("plot_sigma_xz", "--gse-azimuth-deg"),
    ],
)
def test_each_plane_says_which_flag_of_the_ellipse_it_needs(chain, step, flag):
    done = chain.steps[step].writing_to(Path("out")).without_flag(flag).call()
    assert done.status == 2
    assert done.err.endswith(f" needs {flag}\n")
    assert len(done.err.splitlines()) == 1
