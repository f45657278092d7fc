"""Flags whose values no step can work with: status 2, the flag named, nothing written."""

from pathlib import Path

import pytest
from changes import changed

# Of each script, how a flag ends, and values of which each is wrong for a reason of its own
WRONG = {
    "simulate_survey": {"rows": "999", "seed": "-1"},
    "compute_kinematics": {
        "galcen-distance-kpc": "0",
        "sun-velocity-km-s": "1,2",
        "(potential|potential-name)": "MilkyWayPotential",
    },
    "flag_substructure": {
        "min-radius-deg": "-1",
        "satellites-max-sigma": "-1",
        "orbit-step-myr": "0",
        "insitu-polygon": "0,0;1,0;1,1",
    },
    "select_samples": {"method": "chemistry", "insitu-polygon": "0 0,0 0,0:1,1 0,0:1,0:1"},
    "run_realisations": {
        "shard": "2 -1",
        "shards": "0 9",
        "method": "han2023",
        "exclude-fraction": "1 -0.1",
        "min-stars": "0",
        "seed": "-1",
        "xy-step-kpc": "-30",
        "sky-nside": "3 0",
        "radial-min-kpc": "-1 80",
    },
    "run_calibration": {
        "shard": "2",
        "shards": "4",
        "halos": "0",
    },
    "plot_calibration": {"method-colors": "red,green"},
    "plot_footprint": {"color": "bluish", "field-diameter-deg": "0"},
    "plot_sigma_sky": {"figures-maps": "beta,v_phi", "beta-max": "0"},
    "plot_sigma_plane": {
        "plane": "yz",
        "cmap": "no_such_map",
        "sigma-max-km-s": "60",
    },
    "plot_line_of_sight": {"quantity": "sigma", "circle-area-per-star": "0"},
    "plot_beta_profile": {"quadrant-colors": "red,green,blue"},
    "collect_numbers": {"feh-slices": "-1 -1,-2"},
}
CASES = [
    (script, ending, value)
    for script, flags in WRONG.items()
    for ending, values in flags.items()
    for value in values.split()
]


def refused(step) -> str:
    """Give the last line of what a step says that must not write anything."""
    done = step.writing_to(Path("out")).call()
    assert done.status == 2 and not list(Path().rglob("out/*"))
    last = done.err.splitlines()[-1]
    assert "error:" in last
    return last


@pytest.mark.parametrize(("script", "ending", "value"), CASES)
def test_a_value_that_makes_no_sense_is_refused_and_its_flag_named(chain, script, ending, value):
    step = chain.of_script(script)
    flag = step.flag(ending)
    assert flag in refused(step.with_flag(flag, value))


def test_feh_ranges_need_both_limits_and_may_not_overlap(chain, config):
    by_metallicity = changed(config, ("chemistry.method", "feh_ranges"))
    step = chain.of_script("select_samples").under(config, by_metallicity)
    low, high = step.flag("insitu-min-feh"), step.flag("accreted-max-feh")
    for flag in (low, high):
        assert f"{flag} is missing" in refused(step.without_flag(flag))
    assert low in refused(step.with_flag(low, "-1.5").with_flag(high, "-1"))


@pytest.mark.parametrize("script", ["flag_substructure", "select_samples"])
def test_a_polygon_is_needed_where_there_are_alpha_abundances(chain, script):
    step = chain.of_script(script)
    flag = step.flag("insitu-polygon")
    for wrong in (step.with_flag(flag, ""), step.without_flag(flag)):
        assert flag in refused(wrong)
