"""Whether a configuration can be run: by the closed schema, then by what a schema cannot say.

What is refused is refused before anything runs, in one line that names its key. What passes runs
to its end, as far as that depends on the configuration and not on the stars. Values that must go
together are checked by the functions in RULES, each of one thing.

Nothing here is imported by a step. It runs each time Snakemake starts, so it imports the standard
library, PyYAML and jsonschema; matplotlib only to look up a name that is not a usual one.
"""

import csv
import difflib
import math
import os
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from icefire.errors import UserError
from icefire.files.strict_yaml import load
from icefire.mass.slopes import mistakes as mistakes_of_masses
from icefire.snake.beside import mistakes_beside
from icefire.snake.places import find

# Letters of one mistake: what a long list holds is not shown whole.
_MOST_LETTERS = 300
# Of the variances that one job holds, MB per bin and realisation, as in dispersion.check_memory
_MB_PER_VALUE = 12e-6
# Memory of one job of the calibration, MB, as in calibration.try_methods
_CALIBRATION_MB = 1000
# The whole sky and four quadrants, as in geometry.QUADRANTS
_QUADRANTS = 5
# Folders of a run's results but that of the synthetic table
_WRITTEN = ("catalog", "samples", "montecarlo", "significance", "summaries", "report", "tables")
_WRITTEN += ("logs", "benchmarks", "calibration", "sensitivity")
_USUAL_CMAPS = ("viridis", "plasma", "inferno", "magma", "cividis", "magma_r", "RdBu_r")


def _pattern(validator, pattern: str, value, schema) -> Iterator[ValidationError]:
    """Match the whole text; as it is, `$` lets a line break at the end pass."""
    if validator.is_type(value, "string") and not re.fullmatch(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


# JSON schema takes 2.0 for an integer; range, & and file names do not.
_Validator = validators.extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def check_config(config: dict, schema_path: str | os.PathLike, files: Iterable = ()) -> dict:
    """Check a configuration against the closed schema in a file, then by RULES; give the schema.

    Raises UserError with all mistakes on one line, each naming its key; and naming one of the
    `files` that it came from where a key is given twice in it, of which Snakemake loses the first.
    """
    for path in map(Path, files):
        load(path, path.read_bytes())
    schema = load(Path(schema_path), Path(schema_path).read_bytes(), own=True)
    if found := mistakes(config, schema):
        raise UserError("configuration: " + "; ".join(found))
    return schema


def mistakes(config: dict, schema: dict, part: bool = False) -> list[str]:
    """List what is wrong with a configuration, each mistake a line that names its key.

    RULES are asked once every value is of the right kind and in its range. Paths are relative to
    the working folder, as they are to Snakemake. A part of a configuration may lack keys, and is
    asked none of them.
    """
    errors = _Validator(schema).iter_errors(config)
    errors = sorted(errors, key=lambda error: list(map(str, error.path)))
    errors = [error for error in errors if not (part and error.validator == "required")]
    found = [line for error in errors for line in _lines(error)]
    found = found or list(_not_finite(config))
    found = found or [line for rule in (() if part else RULES) for line in rule(config)]
    # jsonschema reports two missing keys twice over
    return list(dict.fromkeys(map(_printable, found)))


def _lines(error: ValidationError) -> list[str]:
    """Tell what the schema has against a value, one line per key."""
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        lines = []
        for name in error.instance:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                lines.append(f"{key + '.' if key else ''}{name} is not a key; {hint}")
        return lines
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return [f"{key + '.' if key else ''}{name} is missing" for name in missing]
    if error.validator == "not":
        return [f"{key}: {error.instance!r} is the name of a folder of results; choose another"]
    what = error.schema.get("description", "").rstrip(".")
    return [f"{key}: {error.message[:_MOST_LETTERS]}" + (f" ({what})" if what else "")]


def _printable(text: str) -> str:
    """Put a text on one line that a terminal shows as it is, cut where it is long."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= 2 * _MOST_LETTERS else f"{shown[: 2 * _MOST_LETTERS]} ..."


def leaves(value, key: str = "") -> Iterator[tuple[str, object]]:
    """Give every value of a configuration with its key; those of a list have their number in it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{key}.{number}")
    else:
        yield key, value


def _not_finite(config: dict) -> Iterator[str]:
    for key, value in leaves(config):
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{key} must be finite"


# --- what must go together -------------------------------------------------------------------


def _shells(config: dict) -> Iterator[str]:
    radial = config["geometry"]["radial"]
    if radial["min_kpc"] >= radial["max_kpc"]:
        yield "geometry.radial.min_kpc must be below geometry.radial.max_kpc"
    # Summaries keep nine decimals of the edges.
    elif radial["max_kpc"] - radial["min_kpc"] < 0.001 * radial["bins"]:
        yield (
            "geometry.radial.bins makes shells of less than 0.001 kpc between min_kpc and max_kpc"
        )


def _grids(config: dict) -> Iterator[str]:
    for plane in ("xy", "xz"):
        grid = config["geometry"][plane]
        steps = grid["half_width_kpc"] / grid["step_kpc"]
        if abs(steps - round(steps)) > 1e-9 or not round(steps):
            yield f"geometry.{plane}.half_width_kpc must be a whole number of step_kpc"
        elif steps > 1000:
            yield f"geometry.{plane}.step_kpc makes more than 2001 points per axis"
        # A star is looked for in all circles that reach it; 20 steps are 1,600 of them.
        if grid["radius_kpc"] > 20 * grid["step_kpc"] * (1 + 1e-9):
            yield f"geometry.{plane}.radius_kpc must not exceed 20 times step_kpc"


def _pixels(config: dict) -> Iterator[str]:
    nside = config["geometry"]["sky"]["nside"]
    if nside & (nside - 1):
        yield "geometry.sky.nside must be a power of two"


def _orbits(config: dict) -> Iterator[str]:
    steps = 1000 * config["aleph"]["orbit_time_gyr"] / config["aleph"]["orbit_step_myr"]
    if steps < 1:
        yield "aleph.orbit_step_myr must not exceed aleph.orbit_time_gyr (1 Gyr is 1000 Myr)"
    elif steps > 20_000:
        yield "aleph.orbit_step_myr makes more than 20000 steps of aleph.orbit_time_gyr"


def _shares(config: dict) -> Iterator[str]:
    for section, whole in (("montecarlo", "realisations"), ("calibration", "halos")):
        if config[section]["shards"] > config[section][whole]:
            yield f"{section}.shards must not exceed {section}.{whole}"


def _memory(config: dict) -> Iterator[str]:
    """A job holds the variances of its realisations, at most of all bins."""
    geometry, montecarlo = config["geometry"], config["montecarlo"]
    planes = (geometry[plane] for plane in ("xy", "xz"))
    bins = sum((2 * round(p["half_width_kpc"] / p["step_kpc"]) + 1) ** 2 for p in planes)
    shells = _QUADRANTS * geometry["radial"]["bins"]
    bins += 12 * geometry["sky"]["nside"] ** 2 + shells
    share = math.ceil(montecarlo["realisations"] / montecarlo["shards"])
    needed = _MB_PER_VALUE * bins * share
    if needed > montecarlo["max_memory_mb"]:
        yield (
            f"montecarlo.max_memory_mb must be {math.ceil(needed)} or more for {share} realisations"
            f" (montecarlo.realisations over shards) of up to {bins} bins (geometry:"
            " half_width_kpc, step_kpc, nside, bins)"
        )
    needed = _MB_PER_VALUE * shells * config["calibration"]["realisations"]
    if needed > _CALIBRATION_MB:
        yield (
            f"calibration.realisations of {shells} shells (geometry.radial.bins) need"
            f" {math.ceil(needed)} MB, more than {_CALIBRATION_MB}; make either fewer"
        )


def _feh_limits(config: dict) -> Iterator[str]:
    chemistry = config["chemistry"]
    if chemistry["insitu_min_feh"] < chemistry["accreted_max_feh"]:
        yield "chemistry.insitu_min_feh must not be below chemistry.accreted_max_feh"
    for number, (low, high) in enumerate(config["numbers"]["feh_slices"]):
        if low >= high:
            yield f"numbers.feh_slices.{number} must go from the lower to the higher [Fe/H]"


def _polygon(config: dict) -> Iterator[str]:
    if problem := polygon_problem(config["chemistry"]["insitu_polygon"]):
        yield f"chemistry.insitu_polygon {problem}"


def _scales(config: dict) -> Iterator[str]:
    figures = config["figures"]
    for low, high, step in (("sigma_min_km_s", "sigma_max_km_s", 1), ("beta_min", "beta_max", 0.1)):
        # Contour levels are told apart, and written at the colour bar.
        if figures[high] - figures[low] < step:
            yield f"figures.{low} must be {step:g} or more below figures.{high}"
    if figures["gse"]["axes"][0] < max(figures["gse"]["axes"]):
        yield "figures.gse.axes must have the longest first"


def _names(config: dict) -> Iterator[str]:
    """Colours and colour maps that matplotlib has; it is loaded only where it must be asked."""
    for key, value in leaves(config):
        kind = re.search(r"[_.](color|cmap)s?(\.\d+)?$", key)
        if not kind or value.startswith("#") or (kind[1] == "cmap" and value in _USUAL_CMAPS):
            continue
        import matplotlib
        from matplotlib.colors import get_named_colors_mapping

        known = matplotlib.colormaps if kind[1] == "cmap" else get_named_colors_mapping()
        if value not in known:
            near = difflib.get_close_matches(value, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"{key}: {value} is no {'colour map' if kind[1] == 'cmap' else 'colour'}{hint}"


def _files(config: dict) -> Iterator[str]:
    """Files that the steps read."""
    catalog, synthetic = config["catalog"], config["synthetic"]
    survey = f"config/surveys/{catalog['survey']}.yaml"
    if problem := _unreadable(find(survey), survey):
        yield f"catalog.survey: {problem}"
    if catalog["path"] is None and catalog["survey"] != "h3":
        yield (
            f"catalog.path is missing: survey {catalog['survey']} needs its table"
            " (--config catalog='{path: FILE}', or the key in an overlay)"
        )
    paths = {"catalog.path": catalog["path"], "synthetic.model": synthetic["model"]}
    paths |= {f"synthetic.changes.{n}": path for n, path in enumerate(synthetic["changes"])}
    named = (("satellites", "catalogue"), ("paper", "source"), ("jeans", "tracer_slopes"))
    paths |= {f"{section}.{key}": config[section][key] for section, key in named}
    for quantity in ("sigma_r", "beta"):
        key = f"literature_{quantity}"
        paths[f"figures.{key}"] = config["figures"][key]
    for key, path in paths.items():
        if path is None:
            continue
        if problem := _unreadable(path, path):
            yield f"{key}: {problem}"
        elif _is_written(path, config["run"]):
            yield f"{key}: {path} is where this run writes, and would be lost"


def _survey(config: dict) -> Iterator[str]:
    """A survey without an abundance cannot be split by it; other mistakes cleaning names."""
    name, method = config["catalog"]["survey"], config["chemistry"]["method"]
    path = Path(find(f"config/surveys/{name}.yaml"))
    if _unreadable(path, name):
        return
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return
    columns = given.get("columns") if isinstance(given, dict) else None
    if not isinstance(columns, dict):
        return
    if method != "none" and "feh" not in columns:
        yield f"chemistry.method must be none: catalog.survey {name} has no [Fe/H]"
    elif method == "polygon" and "afe" not in columns:
        yield f"chemistry.method must be feh_ranges: catalog.survey {name} has no [alpha/Fe]"


def _literature(config: dict) -> Iterator[str]:
    figures = config["figures"]
    if not figures["literature"]:
        return
    known = []
    for quantity in ("sigma_r", "beta"):
        key = f"literature_{quantity}"
        if _unreadable(figures[key], figures[key]):
            continue
        try:
            known += verified_sources(figures[key])
        except UserError as error:
            yield f"figures.{key}: {error}"
    if unknown := [name for name in figures["literature"] if name not in known]:
        yield (
            f"figures.literature: no verified value of {', '.join(unknown)}; there are"
            f" {', '.join(dict.fromkeys(known)) or 'none'}"
        )


RULES = (
    *(_shells, _grids, _pixels, _orbits, _shares, _memory, _feh_limits, _polygon),
    *(_scales, _names, _files, _survey, _literature, mistakes_beside),
    mistakes_of_masses,
)


# --- what the rules are made of --------------------------------------------------------------


def polygon_problem(vertices: list) -> str | None:
    """Tell what is wrong with a closed polygon, given by its vertices in their order, if anything.

    Two sides may meet in the vertex between them and nowhere else. Decimal numbers are compared as
    they are written, not as binary fractions.
    """
    points = [tuple(Fraction(str(value)) for value in vertex) for vertex in vertices]
    if len(points) == 3 and _turn(*points) == 0:
        return "turns back on itself: its three vertices are on one line"
    sides = [(points[i - 1], points[i]) for i in range(len(points))]
    for (i, one), (j, other) in combinations(enumerate(sides), 2):
        if 1 < j - i < len(sides) - 1 and _meet(*one, *other):
            return f"crosses itself or touches itself between {vertices[i]} and {vertices[j]}"
    return None


def _turn(a, b, c) -> Fraction:
    """Above zero where the way from a over b to c turns left, zero where it is straight."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _meet(a, b, c, d) -> bool:
    """Tell whether the sides from a to b and from c to d have a point in common."""
    if _turn(a, b, c) * _turn(a, b, d) > 0 or _turn(c, d, a) * _turn(c, d, b) > 0:
        return False
    # Four points on one line are left to be told apart.
    return all(
        max(min(a[k], b[k]), min(c[k], d[k])) <= min(max(a[k], b[k]), max(c[k], d[k]))
        for k in (0, 1)
    )


def _unreadable(path: str | os.PathLike, name: str) -> str | None:
    """Tell why a file cannot be read; None where it can."""
    try:
        if Path(path).is_file():
            return None if os.access(path, os.R_OK) else f"{name} may not be read"
        return f"{name} is not a file" if Path(path).exists() else f"there is no {name}"
    except OSError as error:  # such as a name that is too long
        return f"{name}: {error.strerror}"


def _is_written(path: str | os.PathLike, run: str | None) -> bool:
    """Tell whether a file is one that the run makes, other than the synthetic table."""
    for kind in ("results", "figures"):
        folder = Path(kind, run or "").resolve()
        if folder in (file := Path(path).resolve()).parents:
            first, *rest = file.relative_to(folder).parts
            return not rest or first in _WRITTEN
    return False


def verified_sources(path: str | os.PathLike) -> list[str]:
    """List the sources of a table of literature values (ECSV) that have a verified one.

    Read without astropy, because this happens each time Snakemake starts; none where the file is
    missing, which `_files` says. Raises UserError naming the file when it is no table.
    """
    if not Path(path).is_file():
        return []
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    header = [line for line in lines if line.startswith("#")]
    delimiter = "," if "# delimiter: ','" in header else " "
    rows = csv.DictReader((line for line in lines if line[:1] != "#"), delimiter=delimiter)
    try:
        drawn = [row.get("source") for row in rows if row.get("verified") in ("yes", "derived")]
    except csv.Error as error:
        raise UserError(f"{path} is no table of literature values ({error})") from error
    return list(dict.fromkeys(filter(None, drawn)))
