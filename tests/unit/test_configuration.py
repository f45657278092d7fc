"""The configuration's schema and checks: every mistake names its key."""

import re

import pytest
from astropy.table import Table
from changes import GONE, changed

from icefire.errors import UserError
from icefire.snake.config import _WRITTEN, check_config, verified_sources

# An orbit of one Myr
ALEPH = {"max_eccentricity": 0.3, "afe_slope": -0.1, "afe_intercept": 0.2, "orbit_time_gyr": 0.001}


@pytest.fixture(autouse=True)
def in_the_project_s_folder(repo, monkeypatch):
    """Paths of the configuration are relative to the folder where Snakemake is started."""
    monkeypatch.chdir(repo)


@pytest.fixture(scope="module")
def schema_path(repo):
    return repo / "config" / "config.schema.yaml"


TEXTS = {
    "source": ["First & Co 05", "Second+10", "Third+15", "First & Co 05"],
    "verified": ["yes", "derived", "no", "yes"],
    "note": ["one, two", 'a "note" of it', "not checked", "again"],
}


@pytest.mark.parametrize("delimiter", [",", " "])
def test_verified_sources_are_listed_once_as_astropy_reads_them(tmp_path, delimiter):
    path = tmp_path / "literature.ecsv"
    Table(TEXTS).write(path, format="ascii.ecsv", delimiter=delimiter)
    assert verified_sources(path) == ["First & Co 05", "Second+10"]


def test_an_unknown_source_is_named_with_those_there_are(config, schema_path):
    wrong = changed(config, ("figures.literature", ["Cunningham+19", "Nobody+99", "Deason"]))
    told = complaint(wrong, schema_path)
    assert "figures.literature: no verified value of Nobody+99, Deason; there are " in told
    for name in ("Gnedin+10", "Cunningham+19", "Petersen & Peñarrubia 21"):
        assert told.count(name) == 1
    known = changed(config, ("figures.literature", ["Cunningham+19", "Gnedin+10"]))
    check_config(known, schema_path)


def test_every_mapping_of_the_schema_is_closed_and_complete(schema):
    def visit(node, key):
        if isinstance(node, dict):
            if "properties" in node:
                assert node.get("additionalProperties") is False, key
                assert set(node.get("required", ())) == set(node["properties"]), key
            for name, item in node.items():
                visit(item, f"{key}.{name}")

    visit(schema, "")


def complaint(config: dict, schema_path) -> str:
    with pytest.raises(UserError) as raised:
        check_config(config, schema_path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        # unknown, mistyped, missing
        ("halos", {}, "halos is not a key; did you mean halo?"),
        ("quality.min_snrr", 3, "quality.min_snrr is not a key; did you mean min_snr?"),
        ("figures.gse.pitch", 3, "figures.gse.pitch is not a key; did you mean pitch_deg?"),
        ("halo.min_abs_z_kpc", GONE, "halo.min_abs_z_kpc is missing"),
        # For JSON schema 2.0 is an integer; for file names, range and & it is not.
        ("montecarlo.shards", 2.0, "montecarlo.shards"),
        # pairs that do not go together
        ("geometry.radial.min_kpc", 80.0, "geometry.radial.min_kpc must be below"),
        ("geometry.xy.step_kpc", 0.7, "geometry.xy.half_width_kpc must be a whole number"),
        ("geometry.xz.step_kpc", 0.01, "geometry.xz.step_kpc makes more than 2001 points"),
        ("geometry.sky.nside", 12, "geometry.sky.nside must be a power of two"),
        ("montecarlo.realisations", 1, "montecarlo.shards must not exceed"),
        ("calibration.shards", 201, "calibration.shards must not exceed calibration.halos"),
        ("figures.beside", ["nowhere"], "figures.beside: there is no folder nowhere; give results"),
        ("figures.beside", ["results"], "figures.beside: results is this run itself"),
        ("figures.beside", ["docs"], "figures.beside: docs holds no finished run"),
        ("figures.beside", ["docs", "./docs"], "figures.beside: two runs are called docs"),
        ("chemistry.insitu_min_feh", -1.1, "chemistry.insitu_min_feh must not be below"),
        (
            "chemistry.insitu_polygon",
            [[0, 0], [1, 1], [1, 0], [0, 1]],
            "chemistry.insitu_polygon crosses itself",
        ),
        (
            "chemistry.insitu_polygon",
            [[0, 0], [2, 0], [2, 2], [1, 0], [0, 2]],
            "chemistry.insitu_polygon crosses itself or touches itself",
        ),
        (
            "chemistry.insitu_polygon",
            [[0, 0], [0.1, 0.1], [0.3, 0.3]],
            "chemistry.insitu_polygon turns back on itself",
        ),
        ("figures.sigma_min_km_s", 159.5, "figures.sigma_min_km_s must be 1 or more below"),
        ("figures.beta_max", 0.0, "figures.beta_min must be 0.1 or more below figures.beta_max"),
        ("figures.maps", ["rotation"], "figures.maps.0: 'rotation' is not one of"),
        ("figures.gse.axes", [7.3, 8.1, 10.0], "figures.gse.axes must have the longest first"),
        ("figures.sigma_cmap", "virids", "figures.sigma_cmap: virids is no colour map; did you me"),
        ("figures.insitu_color", "bleu", "figures.insitu_color: bleu is no colour; did you mean"),
        ("geometry.radial.max_kpc", 10.01, "geometry.radial.bins makes shells of less than 0.001"),
        ("geometry.xy.radius_kpc", 20.1, "geometry.xy.radius_kpc must not exceed 20 times"),
        ("geometry.sky.nside", 1024, "montecarlo.max_memory_mb must be 75543 or more"),
        ("aleph", ALEPH | {"orbit_step_myr": 2.0}, "aleph.orbit_step_myr must not exceed"),
        ("aleph.orbit_step_myr", 0.001, "aleph.orbit_step_myr makes more than 20000 steps"),
        ("satellites.catalogue", "no_such.ecsv", "satellites.catalogue: there is no no_such.ecsv"),
        ("synthetic.changes", ["README.md", "nil"], "synthetic.changes.1: there is no nil"),
        ("run", "report", "run: 'report' is the name of a folder of results; choose another"),
        ("numbers.feh_slices", [[-2, -1], [0, 0]], "numbers.feh_slices.1 must go from"),
        ("catalog.survey", "gaia", "catalog.survey: there is no config/surveys/gaia.yaml"),
        ("catalog.survey", "segue_kgiants", "catalog.path is missing: survey segue_kgiants"),
        (
            "catalog",
            {"path": "README.md", "survey": "segue_kgiants", "adjust": None},
            "chemistry.method must be feh_ranges: catalog.survey segue_kgiants has no [alpha/Fe]",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_mistake_is_named_by_its_key(config, schema_path, where, value, words):
    assert words in complaint(changed(config, (where, value)), schema_path)


def test_a_run_s_own_results_are_no_input(config, repo, schema_path, tmp_path, monkeypatch):
    # Snakemake deletes what a job is about to write: the catalogue would be gone.
    for name in ("config", "paper", "resources"):
        (tmp_path / name).symlink_to(repo / name)
    monkeypatch.chdir(tmp_path)
    own = ["results/catalog/a.fits", "results/numbers.yaml", "figures/a.png"]
    other = ["results/x/catalog/a.fits", "results/synthetic/catalogue.fits", "figures/x/a.png"]
    for name in own + other:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link.fits").symlink_to(own[0])
    for name in [*own, "link.fits", str(tmp_path / own[0])]:
        told = complaint(changed(config, ("catalog.path", name)), schema_path)
        assert f"catalog.path: {name} is where this run writes" in told
    for name in other:
        check_config(changed(config, ("catalog.path", name)), schema_path)
    inside = changed(config, ("run", "x"), ("satellites.catalogue", other[0]))
    assert "satellites.catalogue: results/x/cat" in complaint(inside, schema_path)
    check_config(changed(config, ("run", "x"), ("catalog.path", own[0])), schema_path)


def test_no_run_can_have_the_name_of_a_folder_of_results(repo, schema):
    rules = "".join(path.read_text() for path in [repo / "Snakefile", *repo.glob("rules/*.smk")])
    folders = set(re.findall(r"<results>/(\w+)/", rules)) | {"logs", "benchmarks"}
    assert folders <= set(schema["properties"]["run"]["not"]["enum"])
    assert folders - {"synthetic"} <= set(_WRITTEN)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        # 0.3 / 0.1 is not whole in binary fractions.
        ("geometry.xy", {"half_width_kpc": 0.3, "step_kpc": 0.1, "radius_kpc": 2.0}),
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
    check_config(changed(config, (where, value)), schema_path)


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


def test_a_key_given_twice_in_an_overlay_is_refused(config, schema_path, tmp_path):
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("halo:\n  min_abs_z_kpc: 8.0\nhalo:\n  min_radius_kpc: 12.0\n")
    with pytest.raises(UserError, match=r"mine.yaml.*line 3: key halo is there twice"):
        check_config(config, schema_path, [overlay])
