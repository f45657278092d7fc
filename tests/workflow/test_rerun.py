"""A changed key or module reruns exactly what depends on it: every leaf, every module."""

from __future__ import annotations

import shutil

import pytest
import yaml
from planning import dry_runs, jobs

from icefire.snake.rules import code

from .conftest import QUICK

KINEMATICS = {"compute_kinematics"}
FLAGS = {"flag_substructure"}
SAMPLES = {"select_samples"}
ENGINE = {"run_realisations"}
CALIBRATION = {"run_calibration"}
MAPS = {"plot_sigma_xy", "plot_sigma_xz", "plot_sigma_sky"}
PLANES = {"plot_sigma_xy", "plot_sigma_xz"}
LINES_OF_SIGHT = {"plot_sigma_vs_accreted", "plot_beta_vs_accreted"}
PROFILES = {"plot_sigma_profile", "plot_beta_profile"}
# What is made of a synthetic catalogue alone
SYNTHETIC = {"check_synthetic", "plot_synthetic_check"}
# What permutes the stars of the samples
PERMUTED = {"test_asymmetry", "compute_jeans"}
MASSES = {"compute_jeans"}
SHELLS = {"count_unbound", "judge_claims"}

# Every leaf: another value, and the rules that use the key themselves; whatever is downstream of
# them has to run as well, nothing else.
CHANGES = {
    "catalog.path": ("other.fits", {"clean_catalog"}),
    "catalog.adjust": (["distance * 1.1"], {"clean_catalog"}),
    "synthetic.rows": (41000, {"simulate_survey"}),
    "synthetic.seed": (7, {"simulate_survey"}),
    "synthetic.model": ("other_model.yaml", {"simulate_survey"}),
    "synthetic.changes": (["config/null_model.yaml"], {"simulate_survey"}),
    "quality.min_snr": (5.0, {"clean_catalog"}),
    "frame.galcen_distance_kpc": (8.0, KINEMATICS | CALIBRATION),
    "frame.sun_height_pc": (25.0, KINEMATICS | CALIBRATION),
    "frame.sun_velocity_km_s": ([11.1, 245.0, 7.25], KINEMATICS | CALIBRATION),
    "potential.name": ("MilkyWayPotential-v2", KINEMATICS),
    "giants.max_logg": (3.0, FLAGS),
    "sagittarius.ly_intercept_kpc_km_s": (-2000.0, FLAGS),
    "sagittarius.ly_slope": (-0.2, FLAGS),
    "sagittarius.max_lx_ratio": (0.8, FLAGS),
    "sagittarius.afe_slope": (-0.2, FLAGS),
    "sagittarius.afe_intercept": (0.3, FLAGS),
    "satellites.catalogue": ("other_satellites.ecsv", FLAGS | {"simulate_survey"}),
    "satellites.min_radius_deg": (1.0, FLAGS),
    "satellites.max_sigma": (2.0, FLAGS),
    "aleph.max_eccentricity": (0.2, FLAGS),
    "aleph.afe_slope": (-0.1, FLAGS),
    "aleph.afe_intercept": (0.15, FLAGS),
    "aleph.orbit_time_gyr": (1.0, FLAGS),
    "aleph.orbit_step_myr": (0.5, FLAGS),
    "unbound.max_sigma": (2.0, FLAGS),
    "halo.min_abs_z_kpc": (8.0, SAMPLES | CALIBRATION),
    "halo.min_radius_kpc": (12.0, SAMPLES | CALIBRATION),
    "chemistry.method": ("feh_ranges", SAMPLES),
    "chemistry.insitu_polygon": (
        [[-1.4, 0.6], [-0.5, 0.1], [-0.5, -0.6], [1, -0.6], [1, 0.6]],
        FLAGS | SAMPLES,
    ),
    # The default splits by polygon, so that the [Fe/H] limits change nothing.
    "chemistry.insitu_min_feh": (-0.6, set()),
    "chemistry.accreted_max_feh": (-1.1, set()),
    "geometry.xy.half_width_kpc": (20.0, ENGINE),
    "geometry.xy.step_kpc": (3.0, ENGINE),
    "geometry.xy.radius_kpc": (3.0, ENGINE),
    "geometry.xz.half_width_kpc": (20.0, ENGINE),
    "geometry.xz.step_kpc": (3.0, ENGINE),
    "geometry.xz.radius_kpc": (3.0, ENGINE),
    "geometry.sky.nside": (2, ENGINE | {"judge_claims"}),
    "geometry.radial.min_kpc": (12.0, ENGINE | CALIBRATION | SHELLS),
    "geometry.radial.max_kpc": (60.0, ENGINE | CALIBRATION | SHELLS),
    "geometry.radial.bins": (10, ENGINE | CALIBRATION | SHELLS),
    "uncertainty.method": ("bootstrap", ENGINE),
    "uncertainty.sound": (None, ENGINE),
    "uncertainty.correlated": (False, ENGINE),
    "dispersion.deconvolve": (True, ENGINE),
    "montecarlo.realisations": (70, ENGINE),
    "montecarlo.exclude_fraction": (0.2, ENGINE | CALIBRATION),
    "montecarlo.min_stars": (12, ENGINE | CALIBRATION | PERMUTED),
    "montecarlo.seed": (1, ENGINE),
    "montecarlo.shards": (3, ENGINE),
    "montecarlo.max_memory_mb": (500, ENGINE),
    "significance.permutations": (150, PERMUTED),
    "significance.seed": (1, PERMUTED),
    "significance.stratum_stars": (30, PERMUTED),
    "significance.cmap": ("PuOr", {"plot_asymmetry"}),
    "jeans.slopes": (["single"], MASSES),
    "jeans.tracer_slopes": ("other_slopes.yaml", MASSES),
    "jeans.degree": (2, MASSES),
    "jeans.min_kpc": (15.0, MASSES),
    "jeans.max_kpc": (50.0, MASSES),
    "jeans.quoted_kpc": ([30.0], {"collect_numbers"}),
    "jeans.slope_colors": (["black", "red"], {"plot_jeans"}),
    "calibration.halos": (5, CALIBRATION),
    "calibration.halo_stars": (1000, CALIBRATION),
    "calibration.realisations": (70, CALIBRATION),
    "calibration.seed": (2, CALIBRATION),
    "calibration.shards": (3, CALIBRATION),
    "calibration.method_colors": (["black", "red", "green"], {"plot_calibration"}),
    "sensitivity.max_radius_kpc": (40.0, {"summarise_sensitivity"}),
    "sensitivity.cmap": ("PuOr", {"plot_sensitivity"}),
    "numbers.feh_slices": ([[-2.0, -1.5]], {"collect_numbers"}),
    "paper.source": ("other.typ", {"write_paper"}),
    "figures.beside": (
        ["../other"],
        PROFILES | {"compare_with_paper", "compare_runs", "write_pages", "write_texts"},
    ),
    "figures.systematic": (["halo_higher"], PROFILES | {"collect_numbers"}),
    "figures.sigma_cmap": ("cividis", MAPS),
    "figures.sigma_min_km_s": (50.0, MAPS),
    "figures.sigma_max_km_s": (200.0, MAPS),
    "figures.density_cmap": ("viridis", {"plot_chemistry"}),
    "figures.footprint_color": ("black", {"plot_footprint"}),
    "figures.field_diameter_deg": (2.0, {"plot_footprint", "write_texts"}),
    "figures.error_bins": (20, {"plot_velocity_errors", "write_texts"}),
    "figures.contour_levels": (7, MAPS),
    "figures.maps": (["n_stars"], MAPS),
    "figures.beta_min": (-0.5, MAPS),
    "figures.beta_max": (0.9, MAPS),
    "figures.accreted_color": ("black", {"plot_sigma_profile", "plot_asymmetry", "plot_jeans"}),
    "figures.insitu_color": ("black", {"plot_sigma_profile", "plot_asymmetry", "plot_jeans"}),
    "figures.line_of_sight_color": ("black", LINES_OF_SIGHT),
    "figures.circle_area_per_star": (1.0, LINES_OF_SIGHT),
    "figures.quadrant_colors": (
        ["black", "red", "green", "blue"],
        {"plot_beta_profile", "plot_jeans"},
    ),
    "figures.gse.xy_axis_ratio": (0.7, {"plot_sigma_xy"}),
    "figures.gse.xy_angle_deg": (60.0, {"plot_sigma_xy", "write_texts"}),
    "figures.gse.axes": ([10.0, 7.0, 6.0], {"plot_sigma_xz"}),
    "figures.gse.pitch_deg": (20.0, {"plot_sigma_xz"}),
    "figures.gse.azimuth_deg": (66.0, {"plot_sigma_xz"}),
    "figures.gse.semi_major_kpc": (15.0, PLANES),
    "figures.literature": (["Gnedin+10", "Cunningham+19"], PROFILES),
    "figures.literature_sigma_r": (
        "other_literature.ecsv",
        {"plot_sigma_profile", "judge_claims"},
    ),
    "figures.literature_beta": ("other_literature.ecsv", {"plot_beta_profile", "judge_claims"}),
}
# Leaves that no single overlay value can stand for; the tests below have them.
ELSEWHERE = {"run", "catalog.survey", "survey"}


def _leaf_keys(config: dict, section: str = "") -> set[str]:
    """List the leaves; a list is one leaf."""
    keys = set()
    for name, value in config.items():
        key = f"{section}.{name}" if section else name
        keys |= _leaf_keys(value, key) if isinstance(value, dict) else {key}
    return keys


def _overlay(key: str, value) -> dict:
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def test_every_leaf_of_the_configuration_is_changed_here(repo):
    config = yaml.safe_load((repo / "config" / "config.yaml").read_text())
    assert _leaf_keys(config) == set(CHANGES) | ELSEWHERE


def test_a_changed_key_reruns_exactly_what_depends_on_it(quick_run, plan, downstream):
    results = quick_run / "results" / "quick"
    (quick_run / "overlays").mkdir(exist_ok=True)
    shutil.copy2(results / "synthetic" / "catalogue.fits", quick_run / "other.fits")
    shutil.copy2(quick_run / "config" / "synthetic.yaml", quick_run / "other_model.yaml")
    shutil.copytree(results, quick_run.parent / "other")
    shutil.copy2(quick_run / "resources" / "tracer_slopes.yaml", quick_run / "other_slopes.yaml")
    shutil.copy2(quick_run / "paper" / "paper.typ", quick_run / "other.typ")
    for name in ("satellites", "literature_sigma_r"):
        source = quick_run / "resources" / f"{name}.ecsv"
        shutil.copy2(source, quick_run / f"other_{name.removesuffix('_sigma_r')}.ecsv")
    variations = []
    for key, (value, _) in CHANGES.items():
        path = quick_run / "overlays" / f"{key}.yaml"
        path.write_text(yaml.safe_dump(_overlay(key, value)))
        variations.append([*QUICK, f"overlays/{path.name}"])
    wrong = {}
    for (key, (_, rules)), found in zip(CHANGES.items(), plan(variations), strict=True):
        expected = downstream(rules) - (SYNTHETIC if key == "catalog.path" else set())
        if set(found) != expected:
            wrong[key] = {"not planned": expected - set(found), "too much": set(found) - expected}
    assert not wrong


def test_another_survey_map_reruns_from_cleaning(quick_run, plan, downstream):
    surveys = quick_run / "config" / "surveys"
    shutil.copy2(surveys / "h3.yaml", surveys / "mine.yaml")
    shutil.copy2(quick_run / "results/quick/synthetic/catalogue.fits", quick_run / "other.fits")
    overlay = {"catalog": {"survey": "mine", "path": "other.fits"}}
    (quick_run / "other_survey.yaml").write_text(yaml.safe_dump(overlay))
    (found,) = plan([[*QUICK, "other_survey.yaml"]])
    assert set(found) == downstream({"clean_catalog"}) - SYNTHETIC


def test_order_of_keys_and_form_of_numbers_change_nothing(quick_run, plan):
    overlay = {"geometry": {"radial": {"bins": 15, "max_kpc": 80, "min_kpc": 10}}}
    (quick_run / "reordered.yaml").write_text(yaml.safe_dump(overlay, sort_keys=False))
    assert plan([[*QUICK, "reordered.yaml"]]) == [{}]


@pytest.mark.parametrize(
    ("overlay", "rules"),
    [
        ({"halo": {"min_abs_z_kpc": 10.0, "min_radius_kpc": 5.0}}, SAMPLES),
        ({"aleph": {"orbit_step_myr": 0.5}}, FLAGS),
        (
            {"figures": {"quadrant_colors": ["#e69f00", "#d7301f", "#009e73", "#3b6fb6"]}},
            {"plot_beta_profile", "plot_jeans"},
        ),
    ],
)
def test_values_that_change_places_or_meet_are_noticed(quick_run, plan, downstream, overlay, rules):
    """Snakemake compares the params of two runs as sets of values, so each must be a whole flag."""
    (quick_run / "places.yaml").write_text(yaml.safe_dump(overlay))
    (found,) = plan([[*QUICK, "places.yaml"]])
    assert set(found) == downstream(rules)


@pytest.fixture(scope="module")
def steps(quick_run) -> dict[str, set[str]]:
    """Of every script, the rules that run it."""
    (said,) = dry_runs(quick_run, [["-p", "--forceall", *QUICK]])
    found = {path.stem: set() for path in (quick_run / "scripts").glob("*.py")}
    for job in jobs(said):
        found[job.script].add(job.rule)
    return found


def test_every_rule_has_its_script_and_what_it_imports_as_input(quick_run, steps):
    """And so reruns when one of them is edited, and when no other is."""
    (said,) = dry_runs(quick_run, [["-p", "--forceall", *QUICK]])
    for job in jobs(said):
        given = {name for name in job.inputs if name.endswith(".py")}
        assert given == set(code(job.script)), job.rule
    # With other runs beside, or when a table is asked for; this run has neither.
    alone = {step for step, rules in steps.items() if not rules}
    assert alone == {"compare_runs", "fetch_catalogue"}
    scripts = quick_run / "scripts"
    modules = {path.relative_to(quick_run).as_posix() for path in scripts.glob("icefire/**/*.py")}
    used = set().union(*map(code, steps))
    # Read by the Snakefile alone
    names = ("__init__", "beside", "cluster", "config", "places", "quiet", "rules", "variations")
    assert modules - used == {f"scripts/icefire/snake/{name}.py" for name in names}


EDITED = (
    "icefire/files/star_tables.py",
    "icefire/draw/page.py",
    "icefire/measure/likelihood.py",
    "plot_chemistry.py",
)


@pytest.mark.parametrize("path", [*EDITED, "compare_runs.py"])
def test_an_edited_module_reruns_the_steps_that_import_it(quick_run, plan, downstream, steps, path):
    module = quick_run / "scripts" / path
    before = module.read_bytes()
    try:
        module.write_bytes(before + b"# edited\n")
        (found,) = plan([list(QUICK)])
    finally:
        module.write_bytes(before)
    users = [rules for step, rules in steps.items() if f"scripts/{path}" in code(step)]
    assert set(found) == downstream(set().union(*users))


def test_touching_a_module_changes_nothing(quick_run, plan):
    (quick_run / "scripts" / "icefire" / "files" / "star_tables.py").touch()
    assert plan([list(QUICK)]) == [{}]
