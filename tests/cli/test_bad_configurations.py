"""Bad configurations: every key changed in many ways is refused by name, or its steps take it.

Keys come from config/config.yaml itself, so that a new one is tried as soon as it is there.
"""

import copy
import dataclasses
import functools
import math
from collections import Counter

import pytest
import yaml
from changes import GONE, changed, leaf_keys
from planning import params

from icefire.errors import UserError
from icefire.files import text_tables
from icefire.snake.config import mistakes
from icefire.surveys import maps
from icefire.synthetic import model as synthetic_model

from .calls import REPO, module
from .chain import LAYOUT, chain_of, small_config

SCHEMA = yaml.safe_load((REPO / "config" / "config.schema.yaml").read_text(encoding="utf-8"))
CONFIG = small_config()


KEYS = leaf_keys(CONFIG)

# --- what is put in place of a value ---------------------------------------------------------

ODD_TEXTS = ["", " ", "nan", "1e3", "\x1b[31m", "a\nb", "$(touch pwned)", "{x}", "../.."]
ODD_TEXTS += ["x" * 300, "--help", "a\0b", "\ud800", "é雪"]
ODD_NUMBERS = [0, -1, 0.5, 1e-9, 1e300, 10**400, math.nan, -math.inf]
WRONG_KINDS = [None, True, [], {}, [None], {"a": 1}, [[]], GONE]
# Each good for some key
OTHER_TEXTS = ["bootstrap", "MilkyWayPotential-v2", "cividis", "red", "#00ff00", "segue_kgiants"]


def wrong_values(value) -> list:
    """Values of other kinds, out of range, mistyped, and some that are as good."""
    others = [*WRONG_KINDS, *ODD_NUMBERS, *ODD_TEXTS]
    if isinstance(value, bool) or value is None:
        return others
    # A few stand for all of another kind.
    if isinstance(value, int | float):
        others = [*WRONG_KINDS, *ODD_NUMBERS, *ODD_TEXTS[2:4]]
        near = [type(value)(value * factor) for factor in (-1, 0.9, 1.1, 10, 1000)]
        return [*near, value + 0.5, str(value), *others]
    if isinstance(value, str):
        others = [*WRONG_KINDS, *ODD_NUMBERS[:2], *ODD_TEXTS]
        near = [value[1:], value[:1] + value, value + "\n", " " + value, value.upper(), "-" + value]
        return [*near, *OTHER_TEXTS, *others]
    near = [value[::-1], value[:-1], [*value, *value[:1]], value * 60, [value]]
    near += [[item, *value[1:]] for item in wrong_values(value[0])] if value else []
    return [*near, *others]


def test_params_are_those_that_snakemake_writes():
    for step in LAYOUT.steps.values():
        assert set(params(step.rule, small_config())) <= set(step.params), step.name


def taken(config: dict) -> None:
    """Let every step whose flags a configuration changes read them; stop where one refuses."""
    for step in {step.rule: step for step in LAYOUT.steps.values()}.values():
        if params(step.rule, CONFIG) == params(step.rule, config):
            continue
        script, argv = module(step.script), step.under(CONFIG, config).argv()
        try:
            arguments = script.build_parser().parse_args(argv)
        except SystemExit:
            pytest.fail(f"{step.script} refuses {argv}")
        # What the steps that measure have against flags that go together
        getattr(script, "check", lambda given: None)(arguments)


@pytest.fixture(autouse=True)
def in_a_folder_with_the_project_s_files(tmp_path, monkeypatch):
    """The configuration's paths are relative; the changes of the small run are a file as well."""
    for name in ("config", "paper", "resources"):
        (tmp_path / name).symlink_to(REPO / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(CONFIG["synthetic"], "changes", [])


@pytest.mark.parametrize("key", KEYS)
def test_a_changed_key_is_refused_by_name_or_taken_by_its_steps(key):
    tried = Counter()
    for value in wrong_values(functools.reduce(dict.__getitem__, key.split("."), CONFIG)):
        config = changed(CONFIG, (key, copy.deepcopy(value)))
        lines = mistakes(config, SCHEMA)
        tried["refused" if lines else "valid, and taken by its steps"] += 1
        if not lines:
            taken(config)
        for line in lines:
            assert key.rsplit(".", 1)[-1] in line, (value, line)
            assert line.isprintable() and len(line) < 700, line
    assert tried["refused"] > 0


# --- values at their limits, run -------------------------------------------------------------

# Keys that make a run longer or larger and nothing else, and those that the small run has low
LONG = {
    "highest": (
        *("calibration", "geometry", "montecarlo.realisations", "montecarlo.shards"),
        "significance.permutations",
    ),
    "lowest": ("calibration",),
}
LONG = {which: (*keys, "synthetic") for which, keys in LONG.items()}


def limits(node: dict, which: str):
    """Give the limit of a schema's number or of the numbers of a list; None where it has none."""
    if "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[1]] | node
    if node.get("type") == "array":
        inner = limits(node["items"], which)
        return None if inner is None else [inner] * node.get("minItems", 1)
    if which == "highest":
        return node.get("maximum", math.nextafter(node.get("exclusiveMaximum", math.nan), 0))
    return node.get("minimum", math.nextafter(node.get("exclusiveMinimum", math.nan), math.inf))


def node_at(key: str) -> dict:
    """Give the schema of a key."""
    node = SCHEMA
    for name in key.split("."):
        node = node["properties"][name]
        if "$ref" in node:
            node = SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[1]] | node
    return node


@pytest.mark.parametrize("which", ["lowest", "highest"])
def test_values_at_their_limits_run(which, chain, shortened, config, tmp_path, monkeypatch):
    """Every number as low or as high as it may be, as far as the numbers before it let it."""
    monkeypatch.chdir(chain.folder)
    extreme, tried = config, []
    for key in KEYS:
        limit = limits(node_at(key), which)
        if limit is None or key.startswith(LONG[which]):
            continue
        other = changed(extreme, (key, limit))
        if limit == limit and not mistakes(other, SCHEMA):
            extreme = other
            tried.append(key)
    ran = {}
    for name, step in chain_of(chain.folder, extreme).steps.items():
        if step.params != chain.steps[name].params and step.script not in ran:
            step = dataclasses.replace(step, inputs=shortened(step.script).inputs)
            done = step.writing_to(tmp_path / "out").call()
            # Cuts so high that they leave no star are told.
            none_left = (done.status, "no star is left" in done.err) == (2, True)
            assert none_left or (done.status, done.err) == (0, ""), (name, done.err)
            ran[step.script] = name
    assert len(ran) > 8 and len(tried) > 30


def paths_to(value, keys=()):
    """Give the path of keys to every value below a mapping or a list, and to those themselves."""
    if keys:
        yield keys
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_to(item, (*keys, key))


def put(model, keys, value):
    """Copy what is changed of a model, with another value at a path of keys."""
    key, *rest = keys
    other = copy.copy(model)
    other[key] = put(model[key], rest, value) if rest else value
    return other


@pytest.mark.parametrize("wrong", [math.nan, None, "5"], ids=str)
def test_values_of_the_synthetic_model_are_checked_and_named(wrong, monkeypatch):
    model = text_tables.read_yaml(REPO / "config" / "synthetic.yaml")
    schema = text_tables.read_yaml(synthetic_model.SCHEMA)
    # Every thirteenth is enough to meet each kind of value.
    for keys in [*paths_to(model)][::13]:
        files = {"model": put(model, keys, wrong), synthetic_model.SCHEMA: schema}
        monkeypatch.setattr(text_tables, "read_yaml", files.__getitem__)
        with pytest.raises(UserError, match="model: ") as told:
            synthetic_model.read_model("model")
        names = [str(key) for key in keys if not isinstance(key, int)]
        assert any(name in str(told.value) for name in names), told.value


def test_values_of_a_survey_s_map_are_refused_or_read(monkeypatch):
    given_map = text_tables.read_yaml(REPO / "config" / "surveys" / "h3.yaml")
    tried = Counter()
    values = [
        None if value is GONE else value for value in (*WRONG_KINDS, *ODD_NUMBERS, *ODD_TEXTS)
    ]
    for number, keys in enumerate(paths_to(given_map)):
        for value in values[number % 5 :: 5]:
            changed_map = put(given_map, keys, value)
            monkeypatch.setattr(maps, "read_yaml", lambda path, kind, given=changed_map: given)
            try:
                maps.read_survey_map("map.yaml")
            except UserError as error:
                assert str(error).startswith("map.yaml: ")
                tried["refused"] += 1
            else:
                tried["read"] += 1
    assert tried["refused"] and tried["read"]
