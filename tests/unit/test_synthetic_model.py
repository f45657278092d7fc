"""The synthetic survey's model: what is refused and by which name, and how changes are laid on."""

import json

import pytest
import yaml
from changes import changed

from icefire.errors import UserError
from icefire.synthetic.model import read_model

KEPT = ("thin_disc", "gse", "interlopers")


@pytest.fixture(scope="session")
def small(model) -> dict:
    """The shipped model with three components, which is quicker to read."""
    components = [entry for entry in model["components"] if entry["name"] in KEPT]
    return {**model, "components": components}


@pytest.fixture
def write(tmp_path):
    """Write a model or a file of changes (JSON is YAML) and give its path."""

    def written(content, name: str = "model.yaml") -> str:
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
        return str(tmp_path / name)

    return written


def refused(path: str, changes=()) -> str:
    with pytest.raises(UserError) as caught:
        read_model(path, changes)
    return str(caught.value)


def test_the_null_test_s_changes_make_one_round_population(repo):
    null = yaml.safe_load((repo / "config" / "null.yaml").read_text(encoding="utf-8"))
    changes = [str(repo / name) for name in null["synthetic"]["changes"]]
    found = read_model(str(repo / "config" / "synthetic.yaml"), changes)
    (halo,) = found["components"]
    assert len(set(halo["density"]["axes"])) == 1
    velocity = halo["velocity"]
    assert (velocity["major_axis_boost"], velocity["north_factor"]) == (0, 1)
    for name in ("sigma_r", "sigma_phi", "sigma_theta", "mean_v_phi"):
        assert len(set(velocity[name])) == 1
    # Not one star of what is not smooth
    assert found["sagittarius"]["giants"] < 1e-5
    assert found["satellites"]["giants_per_lsun"] < 1e-11


def test_changes_merge_mappings_and_replace_lists_in_turn(small, write):
    windows = [{"r_min": 14.0, "r_max": 17.0, "weight": 0.5}]
    first = {"fields": {"nights": 10, "count": 7}, "selection": {"windows": windows}}
    second = {"fields": {"count": 8}, "sagittarius": {"dwarf": {"rv": 140.0}}}
    changes = [write(first, "first.yaml"), write(second, "second.yaml")]
    both = (("fields.nights", 10), ("fields.count", 8), ("selection.windows", windows))
    expected = changed(small, *both, ("sagittarius.dwarf.rv", 140.0))
    assert read_model(write(small), changes) == expected


def test_a_mistake_in_changes_is_named_with_both_files(small, write):
    bad = write({"fields": {"cuont": 3}}, "bad.yaml")
    line = refused(write(small), [write({"fields": {"count": 3}}, "good.yaml"), bad])
    for word in ("model.yaml", "good.yaml", "bad.yaml", "fields", "cuont"):
        assert word in line


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("components.gse.density.slopes", [2.0, 3.0], "must have one value more than breaks_kpc"),
        ("components.gse.density.axes", [7.0, 10.0, 8.0], "must have the longest first"),
        ("components.thin_disc.velocity.major_axis_boost", 0.1, "must be 0 in a disc"),
    ],
)
def test_settings_that_do_not_go_together_are_named(small, write, key, value, says):
    assert refused(write(changed(small, (key, value)))).endswith(f"model.yaml: {key} {says}")
