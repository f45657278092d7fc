"""Code dependencies, flags, and the configuration's checks: every mistake names its key."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import yaml
from astropy.table import Table

from icefire import cli, workflow
from icefire.errors import UserError

GONE = ...


@pytest.fixture(scope="module")
def config(repo) -> dict:
    return yaml.safe_load((repo / "config" / "config.yaml").read_text())


@pytest.fixture(scope="module")
def schema_path(repo):
    return repo / "config" / "config.schema.yaml"


# --- code(step) ------------------------------------------------------------------------------


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A small project of scripts, of which `step` needs some and not others."""
    files = {
        "step.py": "import numpy\nfrom icefire import direct, absent\n\n"
        "def work():\n    from icefire.inner import thing\n",
        "other.py": "import icefire.unrelated\n",
        "icefire/__init__.py": "",
        "icefire/direct.py": "from icefire.deep import a, b\n",
        "icefire/deep.py": "if True:\n    import icefire.deeper\n",
        "icefire/deeper.py": "import icefire.direct  # a circle must not hang it\n",
        "icefire/inner.py": "# import icefire.unrelated\ntext = 'import icefire.unrelated'\n",
        "icefire/unrelated.py": "",
    }
    for name, content in files.items():
        path = tmp_path / "scripts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.setattr(workflow, "_SCRIPTS", tmp_path / "scripts")


def test_code_follows_every_import_and_nothing_else(scripts):
    found = workflow.code("step")
    assert found[0] == "scripts/step.py"
    assert sorted(found[1:]) == [
        f"scripts/icefire/{name}.py" for name in ("__init__", "deep", "deeper", "direct", "inner")
    ]


def test_code_of_the_real_steps_lists_what_they_load(repo):
    # Ask Python itself which of our modules a script loads, each time afresh.
    program = """
import json, runpy, sys
from pathlib import Path
sys.path.insert(0, "scripts")
loaded = {}
for path in sorted(Path("scripts").glob("*.py")):
    for name in [name for name in sys.modules if name.split(".")[0] == "icefire"]:
        del sys.modules[name]
    runpy.run_path(str(path), run_name="step")
    ours = [m.__file__ for n, m in sys.modules.items() if n.split(".")[0] == "icefire"]
    loaded[path.stem] = [Path(f).relative_to(Path.cwd()).as_posix() for f in ours]
print(json.dumps(loaded))
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", program], cwd=repo, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    assert len(loaded) >= 10
    for step, modules in loaded.items():
        listed = workflow.code(step)
        assert listed[0] == f"scripts/{step}.py" and len(set(listed)) == len(listed)
        assert set(modules) <= set(listed), step
        assert all((repo / name).is_file() for name in listed)


def test_a_measurement_does_not_depend_on_the_figures(repo):
    for step in ("clean_catalog", "run_realisations", "summarise"):
        names = {path.rsplit("/", 1)[1] for path in workflow.code(step)}
        figures = {"style.py", "skymap.py", "profiles.py", "literature.py"}
        assert not names & (figures | {"workflow.py"}), step
    assert "scripts/icefire/surveys.py" not in workflow.code("run_realisations")


# --- flags -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (5, "--a=5"),
        (5.0, "--a=5"),  # alike, so that a point more reruns nothing
        (-0.25, "--a=-0.25"),
        (True, "--a"),
        (False, "--no-a"),
        ("cividis", "--a=cividis"),
        ([12.9, 245.6, 7.0], "--a=12.9,245.6,7"),
        ([[-1.4, 0.6], [1.0, -0.6]], "--a=-1.4,0.6:1,-0.6"),
        ([], "--a="),
    ],
    ids=str,
)
def test_a_value_becomes_one_flag(value, flag):
    assert workflow.Flags({"one": {"two": value}})("--a", "one/two") == flag


def test_the_steps_read_the_flags_back(config):
    def text(key):
        return workflow.Flags(config)("", key).removeprefix("=")

    assert [list(p) for p in cli.points(text("chemistry/insitu_polygon"))] == config["chemistry"][
        "insitu_polygon"
    ]
    assert list(cli.triple(text("frame/sun_velocity_km_s"))) == config["frame"]["sun_velocity_km_s"]
    assert cli.points("") == ()


def test_only_the_chemistry_in_use_becomes_flags(config):
    for method, names in (
        ("polygon", {"--method", "--insitu-polygon"}),
        ("feh_ranges", {"--method", "--insitu-min-feh", "--accreted-max-feh"}),
    ):
        flags = workflow.Flags(changed(config, ("chemistry.method", method))).chemistry()
        assert {flag.split("=")[0] for flag in flags.values()} == names
        assert flags["method"] == f"--method={method}"


def test_only_the_uncertainty_recipe_in_use_becomes_flags(config):
    for correlated, flag in ((True, "--correlated"), (False, "--no-correlated")):
        han2024 = changed(
            config, ("uncertainty.method", "han2024"), ("uncertainty.correlated", correlated)
        )
        flags = workflow.Flags(han2024).uncertainty().values()
        assert set(flags) == {"--method=han2024", "--exclude-fraction=0.1", flag}
    bootstrap = changed(config, ("uncertainty.method", "bootstrap"))
    assert list(workflow.Flags(bootstrap).uncertainty().values()) == ["--method=bootstrap"]
    likelihood = changed(config, ("uncertainty.method", "likelihood"))
    flags = workflow.Flags(likelihood).uncertainty().values()
    assert set(flags) == {"--method=likelihood", "--correlated"}


@pytest.mark.parametrize("method", ["han2024", "bootstrap", "likelihood"])
def test_errors_are_taken_off_as_the_method_has_it_or_as_told(config, method):
    for value, flag in ((None, set()), (True, {"--deconvolve"}), (False, {"--no-deconvolve"})):
        told = changed(config, ("uncertainty.method", method), ("dispersion.deconvolve", value))
        flags = set(workflow.Flags(told).uncertainty().values())
        assert {flag for flag in flags if "deconvolve" in flag} == flag


def test_a_second_method_has_files_and_flags_of_its_own(config):
    assert workflow.second_files(config)("numbers.yaml") == []
    assert workflow.Flags(config).second_method() == {}
    both = changed(config, ("figures.second_method", "bootstrap"))
    assert workflow.second_files(both)("a", "b") == ["<results>/second/a", "<results>/second/b"]
    assert workflow.Flags(both).second_method() == {"second": "--second-method=bootstrap"}
    flags = workflow.Flags(both).uncertainty("figures/second_method").values()
    assert list(flags) == ["--method=bootstrap"]


TEXTS = {
    "source": ["First & Co 05", "Second+10", "Third+15", "First & Co 05"],
    "verified": ["yes", "derived", "no", "yes"],
    "note": ["one, two", 'a "note" of it', "not checked", "again"],
}


@pytest.mark.parametrize("delimiter", [",", " "])
def test_verified_sources_are_listed_once_as_astropy_reads_them(tmp_path, delimiter):
    path = tmp_path / "literature.ecsv"
    Table(TEXTS).write(path, format="ascii.ecsv", delimiter=delimiter)
    assert workflow.verified_sources(path) == ["First & Co 05", "Second+10"]


def test_all_sources_of_the_project_s_tables_are_found(repo):
    for name in ("sigma_r", "beta"):
        path = repo / "resources" / f"literature_{name}.ecsv"
        table = Table.read(path, format="ascii.ecsv")
        assert workflow.verified_sources(path) == list(dict.fromkeys(table["source"]))
    assert workflow.verified_sources(repo / "no_such.ecsv") == []


def test_a_figure_is_given_the_chosen_sources_that_its_table_has(config, published):
    def flags(chosen, quantity):
        chosen = changed(published, ("figures.literature", chosen))
        return list(workflow.Flags(chosen).literature(quantity).values())

    assert flags(None, "beta") == []
    assert flags([], "beta") == ["--literature-sources="]
    chosen = ["Cunningham+19", "Gnedin+10", "Petersen & Penarrubia 21"]
    assert flags(chosen, "sigma_r") == ["--literature-sources=Gnedin+10,Petersen & Penarrubia 21"]
    # A source of the other table changes nothing here.
    assert flags(chosen[:1] + chosen[2:], "beta") == flags(chosen, "beta")


@pytest.fixture
def published(config, repo) -> dict:
    """The configuration, with the tables of published values wherever the tests are started."""
    keys = ("figures.literature_sigma_r", "figures.literature_beta")
    paths = [str(repo / "resources" / f"{key.split('.')[1]}.ecsv") for key in keys]
    return changed(config, *zip(keys, paths, strict=True))


def test_an_unknown_source_is_named_with_those_there_are(published, schema_path):
    wrong = changed(published, ("figures.literature", ["Cunningham+19", "Nobody+99", "Deason"]))
    told = complaint(wrong, schema_path)
    assert "figures.literature: no verified value of Nobody+99, Deason; there are " in told
    for name in ("Gnedin+10", "Cunningham+19", "Petersen & Penarrubia 21"):
        assert told.count(name) == 1
    known = changed(published, ("figures.literature", ["Cunningham+19", "Gnedin+10"]))
    workflow.check_config(known, schema_path)


def test_only_the_halos_sky_counts_accreted_stars():
    inputs = workflow.fraction_shards(4)
    assert inputs(SimpleNamespace(geometry="sky", sample="halo")) == [
        "<results>/montecarlo/sky/accreted/0-of-4.npz",
        "<results>/montecarlo/sky/insitu/0-of-4.npz",
    ]
    second = workflow.fraction_shards(1, "<results>/second")
    assert second(SimpleNamespace(geometry="sky", sample="halo")) == [
        "<results>/second/montecarlo/sky/accreted/0-of-1.npz",
        "<results>/second/montecarlo/sky/insitu/0-of-1.npz",
    ]
    for geometry, sample in (("sky", "insitu"), ("xy", "halo"), ("radial", "accreted")):
        assert inputs(SimpleNamespace(geometry=geometry, sample=sample)) == []


@pytest.mark.parametrize(("run", "folder"), [(None, "results"), ("quick", "results/quick")])
def test_a_named_run_has_a_folder_of_its_own(run, folder):
    assert workflow.folder_of("results", run) == folder


# --- the schema ------------------------------------------------------------------------------


def schema_leaves(node: dict, definitions: dict, key: str = ""):
    """Key and merged schema of every leaf; a $ref's own keys are overridden by those beside it."""
    if "$ref" in node:
        node = definitions[node["$ref"].rsplit("/", 1)[1]] | node
    if "properties" not in node:
        yield key, node
    for name, item in node.get("properties", {}).items():
        yield from schema_leaves(item, definitions, f"{key}.{name}" if key else name)


def leaves(value, key: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {key}
    return {leaf for name, v in value.items() for leaf in leaves(v, f"{key}.{name}".strip("."))}


@pytest.fixture(scope="module")
def described(schema_path) -> dict:
    schema = yaml.safe_load(schema_path.read_text())
    return dict(schema_leaves(schema, schema["$defs"]))


def test_schema_and_defaults_have_the_same_leaves(config, described):
    assert leaves(config) == set(described)


def test_every_leaf_is_described(described):
    assert [key for key, node in described.items() if not node.get("description")] == []


def test_every_mapping_of_the_schema_is_closed_and_complete(schema_path):
    def visit(node, key):
        if isinstance(node, dict):
            if "properties" in node:
                assert node.get("additionalProperties") is False, key
                assert set(node.get("required", ())) == set(node["properties"]), key
            for name, item in node.items():
                visit(item, f"{key}.{name}")

    visit(yaml.safe_load(schema_path.read_text()), "")


def test_overlays_hold_only_known_keys(repo, described):
    for name in ("quick", "segue_kgiants"):
        overlay = yaml.safe_load((repo / "config" / f"{name}.yaml").read_text())
        assert leaves(overlay) <= set(described)


# --- checking a configuration ----------------------------------------------------------------


def changed(config: dict, *changes) -> dict:
    config = copy.deepcopy(config)
    for where, value in changes:
        *parents, key = where.split(".")
        inner = config
        for parent in parents:
            inner = inner[parent]
        if value is GONE:
            del inner[key]
        else:
            inner[key] = value
    return config


def complaint(config: dict, schema_path) -> str:
    with pytest.raises(UserError) as raised:
        workflow.check_config(config, schema_path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_the_default_configuration_is_accepted(config, schema_path):
    workflow.check_config(config, schema_path)


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        # unknown, mistyped, missing
        ("halos", {}, "halos is not a key; did you mean halo?"),
        ("run", "calibration", "run"),
        ("run", "second", "run"),
        ("quality.min_snrr", 3, "quality.min_snrr is not a key; did you mean min_snr?"),
        ("montecarlo.zzz", 3, "montecarlo.zzz is not a key; known are realisations"),
        ("figures.gse.pitch", 3, "figures.gse.pitch is not a key; did you mean pitch_deg?"),
        ("halo", GONE, "halo is missing"),
        ("halo.min_abs_z_kpc", GONE, "halo.min_abs_z_kpc is missing"),
        ("geometry.xy.step_kpc", GONE, "geometry.xy.step_kpc is missing"),
        # wrong kind
        ("halo.min_abs_z_kpc", "5", "halo.min_abs_z_kpc"),
        ("halo.min_abs_z_kpc", None, "halo.min_abs_z_kpc"),
        ("quality.min_snr", True, "quality.min_snr"),
        ("quality.min_snr", "1e3", "quality.min_snr"),
        ("uncertainty.correlated", "yes", "uncertainty.correlated"),
        ("montecarlo.realisations", 10.5, "montecarlo.realisations"),
        ("geometry.xy", None, "geometry.xy"),
        ("frame.sun_velocity_km_s", [1, 2], "frame.sun_velocity_km_s"),
        ("chemistry.insitu_polygon", [[0, 0], [1, 1]], "chemistry.insitu_polygon"),
        ("chemistry.insitu_polygon.1", [0, 0, 0], "chemistry.insitu_polygon.1"),
        # out of range or unknown choice
        ("potential.name", "Plummer", "potential.name"),
        ("uncertainty.method", "jackknife", "uncertainty.method"),
        ("dispersion.deconvolve", "yes", "dispersion.deconvolve"),
        ("figures.second_method", "jackknife", "figures.second_method"),
        ("calibration.method_colors", ["red", "green"], "calibration.method_colors"),
        ("geometry.xz.radius_kpc", 0, "geometry.xz.radius_kpc"),
        ("montecarlo.exclude_fraction", 1.0, "montecarlo.exclude_fraction"),
        ("montecarlo.exclude_fraction", -0.1, "montecarlo.exclude_fraction"),
        ("montecarlo.min_stars", 1, "montecarlo.min_stars"),
        ("montecarlo.seed", -1, "montecarlo.seed"),
        ("aleph.max_eccentricity", 1.1, "aleph.max_eccentricity"),
        ("satellites.min_radius_deg", 181, "satellites.min_radius_deg"),
        ("run", "../out", "run"),
        ("run", "samples", "run"),
        ("figures.footprint_color", "#12", "figures.footprint_color"),
        ("figures.quadrant_colors", ["red"] * 3, "figures.quadrant_colors"),
        ("figures.literature", "Gnedin+10", "figures.literature"),
        ("figures.literature", ["One, Two 05"], "figures.literature"),
        ("catalog.survey", "../h3", "catalog.survey"),
        # pairs that do not go together
        ("geometry.radial.min_kpc", 80.0, "geometry.radial.min_kpc must be below"),
        ("geometry.xy.step_kpc", 0.7, "geometry.xy.half_width_kpc must be a whole number"),
        ("geometry.xz.half_width_kpc", 0.5, "geometry.xz.half_width_kpc must be a whole number"),
        ("geometry.xz.step_kpc", 0.01, "geometry.xz.step_kpc makes more than 2001 points"),
        ("geometry.sky.nside", 12, "geometry.sky.nside must be a power of two"),
        ("montecarlo.shards", 1001, "montecarlo.shards must not exceed"),
        ("calibration.shards", 201, "calibration.shards must not exceed calibration.halos"),
        ("figures.second_method", "han2024", "figures.second_method must not be"),
        ("chemistry.insitu_min_feh", -1.1, "chemistry.insitu_min_feh must not be below"),
        (
            "chemistry.insitu_polygon",
            [[0, 0], [1, 1], [1, 0], [0, 1]],
            "chemistry.insitu_polygon crosses itself",
        ),
        (
            "chemistry.insitu_polygon",
            [[0, 0], [4, 0], [4, 4], [2, -1], [0, 4]],
            "chemistry.insitu_polygon crosses itself",
        ),
        ("figures.sigma_min_km_s", 180.0, "figures.sigma_min_km_s must be below"),
        ("numbers.feh_slices", [[-2, -1], [0, 0]], "numbers.feh_slices.1 must go from"),
        ("catalog.survey", "gaia", "catalog.survey: there is no config/surveys/gaia.yaml"),
        ("catalog.survey", "segue_kgiants", "catalog.path is missing: survey segue_kgiants"),
        ("catalog.path", "no/such/table.fits", "catalog.path: there is no no/such/table.fits"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_named_by_its_key(config, schema_path, where, value, words):
    if where.endswith(".1"):
        polygon = copy.deepcopy(config["chemistry"]["insitu_polygon"])
        polygon[1] = value
        where, value = where.removesuffix(".1"), polygon
    assert words in complaint(changed(config, (where, value)), schema_path)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("geometry.xy.step_kpc", 0.1),  # 30 / 0.1 is not whole in binary fractions
        ("geometry.sky.nside", 1),
        ("montecarlo.shards", 1000),
        ("chemistry.insitu_min_feh", -1.0),
        ("chemistry.insitu_polygon", [[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]]),
        ("numbers.feh_slices", []),
        ("run", "my-run_2"),
    ],
    ids=str,
)
def test_values_at_the_limits_are_accepted(config, schema_path, where, value):
    workflow.check_config(changed(config, (where, value)), schema_path)


def number_leaves(repo) -> list[str]:
    config = yaml.safe_load((repo / "config" / "config.yaml").read_text())
    return [key for key, value in workflow._leaves(config) if type(value) in (int, float)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_must_be_finite_everywhere(repo, config, schema_path, value):
    keys = [key for key in number_leaves(repo) if not key.rsplit(".", 1)[1].isdigit()]
    assert len(keys) > 40
    for key in keys:
        assert key in complaint(changed(config, (key, value)), schema_path)


@pytest.mark.parametrize(
    ("where", "value"), [("montecarlo.shards", 2.0), ("geometry.sky.nside", 4.0)]
)
def test_a_count_with_a_decimal_point_is_named(config, schema_path, where, value):
    # For JSON schema 2.0 is an integer; for file names, range and & it is not.
    assert where in complaint(changed(config, (where, value)), schema_path)


def test_all_mistakes_are_told_at_once_and_each_once(config, schema_path):
    wrong = changed(
        config,
        ("halo.min_abs_z_kpc", GONE),
        ("halo.min_radius_kpc", GONE),
        ("quality.min_snr", "x"),
        ("extra", 1),
    )
    told = complaint(wrong, schema_path)
    for words in ("halo.min_abs_z_kpc is missing", "halo.min_radius_kpc is missing"):
        assert told.count(words) == 1
    assert told.count("quality.min_snr") == 1 and told.count("extra is not a key") == 1


# --- the end of a run ------------------------------------------------------------------------


def test_the_comparison_is_what_its_job_printed_and_nothing_without_one(tmp_path):
    def job(rule: str, text: str | None):
        log = tmp_path / f"{rule}.log"
        if text is not None:
            log.write_text(text)
        return SimpleNamespace(rule=SimpleNamespace(name=rule), log=[str(log)])

    other, silent = job("plot_footprint", "fields: 7\n"), job("compare_with_paper", None)
    assert workflow.comparison([other]) == ""
    assert workflow.comparison([other, silent]) == ""
    assert workflow.comparison([other, job("compare_with_paper", "a table\n")]) == "a table\n"
