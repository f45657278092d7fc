"""A changed key or module reruns exactly what depends on it: every leaf, every module."""

import shutil

import pytest
import yaml
from changes import changed, leaf_keys, nested
from cli.chain import overlay
from planning import params, written

from icefire.snake.rules import code

from .conftest import QUICK

# What is made of a synthetic catalogue alone
SYNTHETIC = {"check_synthetic", "plot_synthetic_check"}
# Every leaf with another value, below the rules that use the key themselves; whatever is downstream
# of them has to run as well, nothing else. The default splits by polygon, so that the [Fe/H] limits
# change nothing.
CHANGES = {
    key: (value, set(rules.split()))
    for rules, keys in yaml.safe_load("""
clean_catalog: {catalog.path: other.fits, catalog.adjust: [distance * 1.1], quality.min_snr: 5.0}
simulate_survey:
  {synthetic.rows: 41000, synthetic.seed: 7, synthetic.model: other_model.yaml,
   synthetic.changes: [config/null_model.yaml]}
compute_kinematics run_calibration:
  {frame.galcen_distance_kpc: 8.0, frame.sun_height_pc: 25.0,
   frame.sun_velocity_km_s: [11.1, 245.0, 7.25]}
compute_kinematics: {potential.name: MilkyWayPotential-v2}
flag_substructure:
  {giants.max_logg: 3.0, sagittarius.ly_intercept_kpc_km_s: -2000.0, sagittarius.ly_slope: -0.2,
   sagittarius.max_lx_ratio: 0.8, sagittarius.afe_slope: -0.2, sagittarius.afe_intercept: 0.3,
   satellites.min_radius_deg: 1.0, satellites.max_sigma: 2.0, aleph.max_eccentricity: 0.2,
   aleph.afe_slope: -0.1, aleph.afe_intercept: 0.15, aleph.orbit_time_gyr: 1.0,
   aleph.orbit_step_myr: 0.5, unbound.max_sigma: 2.0}
flag_substructure simulate_survey: {satellites.catalogue: other_satellites.ecsv}
run_calibration select_samples: {halo.min_abs_z_kpc: 8.0, halo.min_radius_kpc: 12.0}
select_samples: {chemistry.method: feh_ranges}
flag_substructure select_samples:
  {chemistry.insitu_polygon: [[-1.4, 0.6], [-0.5, 0.1], [-0.5, -0.6], [1, -0.6], [1, 0.6]]}
"": {chemistry.insitu_min_feh: -0.6, chemistry.accreted_max_feh: -1.1}
run_realisations:
  {geometry.xy.half_width_kpc: 20.0, geometry.xy.step_kpc: 3.0, geometry.xy.radius_kpc: 3.0,
   geometry.xz.half_width_kpc: 20.0, geometry.xz.step_kpc: 3.0, geometry.xz.radius_kpc: 3.0,
   uncertainty.method: bootstrap, uncertainty.sound: null, uncertainty.correlated: false,
   dispersion.deconvolve: true, montecarlo.realisations: 70, montecarlo.seed: 1,
   montecarlo.shards: 3, montecarlo.max_memory_mb: 500}
judge_claims run_realisations: {geometry.sky.nside: 2}
count_unbound judge_claims run_calibration run_realisations:
  {geometry.radial.min_kpc: 12.0, geometry.radial.max_kpc: 60.0, geometry.radial.bins: 10}
run_calibration run_realisations: {montecarlo.exclude_fraction: 0.2}
compute_jeans run_calibration run_realisations test_asymmetry: {montecarlo.min_stars: 12}
compute_jeans test_asymmetry:
  {significance.permutations: 150, significance.seed: 1, significance.stratum_stars: 30}
plot_asymmetry: {significance.cmap: PuOr}
compute_jeans:
  {jeans.slopes: [single], jeans.tracer_slopes: other_slopes.yaml, jeans.degree: 2,
   jeans.min_kpc: 15.0, jeans.max_kpc: 50.0}
collect_numbers: {jeans.quoted_kpc: [30.0], numbers.feh_slices: [[-2.0, -1.5]]}
plot_jeans: {jeans.slope_colors: [black, red]}
run_calibration:
  {calibration.halos: 5, calibration.halo_stars: 1000, calibration.realisations: 70,
   calibration.seed: 2, calibration.shards: 3}
plot_calibration: {calibration.method_colors: [black, red, green]}
summarise_sensitivity: {sensitivity.max_radius_kpc: 40.0}
plot_sensitivity: {sensitivity.cmap: PuOr}
write_paper: {paper.source: other.typ}
compare_runs compare_with_paper plot_beta_profile plot_sigma_profile write_pages write_texts:
  {figures.beside: [../other]}
collect_numbers plot_beta_profile plot_sigma_profile: {figures.systematic: [halo_higher]}
plot_sigma_sky plot_sigma_xy plot_sigma_xz:
  {figures.sigma_cmap: cividis, figures.sigma_min_km_s: 50.0, figures.sigma_max_km_s: 200.0,
   figures.contour_levels: 7, figures.maps: [n_stars], figures.beta_min: -0.5,
   figures.beta_max: 0.9}
plot_chemistry: {figures.density_cmap: viridis}
plot_footprint: {figures.footprint_color: black}
plot_footprint write_texts: {figures.field_diameter_deg: 2.0}
plot_velocity_errors write_texts: {figures.error_bins: 20}
plot_asymmetry plot_jeans plot_sigma_profile:
  {figures.accreted_color: black, figures.insitu_color: black}
plot_beta_vs_accreted plot_sigma_vs_accreted:
  {figures.line_of_sight_color: black, figures.circle_area_per_star: 1.0}
plot_beta_profile plot_jeans: {figures.quadrant_colors: [black, red, green, blue]}
plot_sigma_xy: {figures.gse.xy_axis_ratio: 0.7}
plot_sigma_xy write_texts: {figures.gse.xy_angle_deg: 60.0}
plot_sigma_xz:
  {figures.gse.axes: [10.0, 7.0, 6.0], figures.gse.pitch_deg: 20.0, figures.gse.azimuth_deg: 66.0}
plot_sigma_xy plot_sigma_xz: {figures.gse.semi_major_kpc: 15.0}
plot_beta_profile plot_sigma_profile: {figures.literature: [Gnedin+10, Cunningham+19]}
judge_claims plot_sigma_profile: {figures.literature_sigma_r: other_literature.ecsv}
judge_claims plot_beta_profile: {figures.literature_beta: other_literature.ecsv}
""").items()
    for key, value in keys.items()
}
# Keys that change files instead of flags, and some that stand for the others: Snakemake is asked.
PLANNED = {
    *("catalog.path", "synthetic.model", "synthetic.changes", "satellites.catalogue"),
    *("montecarlo.min_stars", "montecarlo.shards", "calibration.shards", "jeans.tracer_slopes"),
    *("paper.source", "figures.beside", "figures.systematic"),
    *("figures.literature_sigma_r", "figures.literature_beta"),
    *("halo.min_abs_z_kpc", "chemistry.method", "chemistry.insitu_min_feh"),
}
# Leaves that no single overlay value can stand for; the tests below have them.
ELSEWHERE = {"run", "catalog.survey", "survey"}


def test_every_leaf_of_the_configuration_is_changed_here(config):
    assert set(leaf_keys(config)) == set(CHANGES) | ELSEWHERE


def test_every_key_is_in_the_flags_of_the_rules_that_use_it(quick_run, config, monkeypatch):
    monkeypatch.chdir(quick_run)
    config = overlay(config, yaml.safe_load((quick_run / "config" / "quick.yaml").read_text()))
    before = {rule: params(rule, config) for rule in written()}
    for key in CHANGES.keys() - PLANNED:
        value, rules = CHANGES[key]
        other = changed(config, (key, value))
        assert {rule for rule in before if params(rule, other) != before[rule]} == rules, key


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
    changes = {key: CHANGES[key] for key in PLANNED}
    for key, (value, _) in changes.items():
        path = quick_run / "overlays" / f"{key}.yaml"
        path.write_text(yaml.safe_dump(nested((key, value))))
        variations.append([*QUICK, f"overlays/{path.name}"])
    wrong = {}
    for (key, (_, rules)), found in zip(changes.items(), plan(variations), strict=True):
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


PLACES = [
    ({"halo": {"min_abs_z_kpc": 10.0, "min_radius_kpc": 5.0}}, {"select_samples"}),
    ({"aleph": {"orbit_step_myr": 0.5}}, {"flag_substructure"}),
    (
        {"figures": {"quadrant_colors": ["#e69f00", "#d7301f", "#009e73", "#3b6fb6"]}},
        {"plot_beta_profile", "plot_jeans"},
    ),
]


def test_values_that_change_places_or_meet_are_noticed(quick_run, plan, downstream):
    """Snakemake compares the params of two runs as sets of values, so each must be a whole flag."""
    for number, (places, _) in enumerate(PLACES):
        (quick_run / f"places_{number}.yaml").write_text(yaml.safe_dump(places))
    found = plan([[*QUICK, f"places_{number}.yaml"] for number in range(len(PLACES))])
    assert [*map(set, found)] == [downstream(rules) for _, rules in PLACES]


@pytest.fixture(scope="module")
def steps(quick_run, quick_jobs) -> dict[str, set[str]]:
    """Of every script, the rules that run it."""
    found = {path.stem: set() for path in (quick_run / "scripts").glob("*.py")}
    for job in quick_jobs:
        found[job.script].add(job.rule)
    return found


def test_every_rule_has_its_script_and_what_it_imports_as_input(quick_run, quick_jobs, steps):
    """And so reruns when one of them is edited, and when no other is."""
    for job in quick_jobs:
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


@pytest.mark.parametrize("path", ["icefire/measure/likelihood.py", "compare_runs.py"])
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
