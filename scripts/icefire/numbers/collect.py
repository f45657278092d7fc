"""All numbers of a run, by group, from the ledger, the samples and the summaries."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from icefire.errors import UserError
from icefire.files import metadata, text_tables
from icefire.files.columns import SAMPLES
from icefire.files.star_tables import StarReader
from icefire.numbers import bins, counts, masses, samples
from icefire.numbers.estimates import number

_RADIAL = (
    *("quadrant", "r_lo", "r_mid", "r_hi", "n_stars"),
    *("sigma_r", "sigma_r_lo68", "sigma_r_hi68", "beta", "beta_lo68", "beta_hi68"),
)
SUMMARIES = {
    "sky": (
        *("n_stars", "l", "b", "accreted_fraction", "sigma_r", "sigma_r_lo68", "sigma_r_hi68"),
        *("beta", "beta_lo68", "beta_hi68"),
    ),
    **{f"{sample}_radial": _RADIAL for sample in SAMPLES},
}
_SOURCE = ("catalogue", "survey", "synthetic", "tracer", "bounds", "icefire_version")
# Settings that no sentence quotes
_NOT_QUOTED = ("simulate_survey",)
_UNITS = {"kpc_km_s": "kpc km/s", "km_s": "km/s", "kpc": "kpc", "pc": "pc", "deg": "deg"}
_UNITS |= {"gyr": "Gyr", "myr": "Myr"}


@dataclass(frozen=True)
class Tables:
    """The tables of one run that numbers are measured from."""

    ledger: object
    clean: StarReader
    samples: dict[str, StarReader]
    summaries: dict[str, object]
    asymmetry: object
    judged: dict
    jeans: object
    spread: object
    min_stars: int
    systematic: list[str]

    @property
    def meta(self) -> dict:
        """Of the halo's lines of sight."""
        return self.summaries["sky"].meta


def read(paths: Mapping[str, str]) -> Tables:
    """Open the tables: `ledger`, `clean`, `judged`, `masses`, `spread`, the samples and SUMMARIES.

    With `figures_systematic` also `sensitivity`, for the variations that it names.

    Raises UserError naming the file where one is not what it should be, or where they are not of
    one run.
    """
    ledger = text_tables.read_ecsv(
        paths["ledger"], ("n_in", "n_removed", "n_out"), ("step", "reason")
    )
    if "samples" not in ledger.meta or counts.STEPS - set(ledger["step"]):
        raise UserError(f"{paths['ledger']}: is no whole ledger of select_samples.py")
    summaries = {
        name: text_tables.read_ecsv(paths[name], columns) for name, columns in SUMMARIES.items()
    }
    clean = StarReader(paths["clean"], ("distance",))
    readers = {sample: StarReader(paths[sample], samples.COLUMNS) for sample in SAMPLES}
    shells = {name: summaries[f"{name}_radial"]["r_mid"] for name in SAMPLES}
    for name in SAMPLES:
        if not np.array_equal(shells[name], shells["halo"]):
            raise UserError(f"{paths[f'{name}_radial']}: has other shells than the halo's profile")
    asymmetry = text_tables.read_ecsv(
        paths["asymmetry"], ("n", "p", "p_worst"), ("test", "sample", "fixed")
    )
    judged = text_tables.read_yaml(paths["judged"])
    if not isinstance(judged, dict) or "judged" not in judged:
        raise UserError(f"{paths['judged']}: is not of judge_claims.py; make it anew")
    engine = metadata.parameters_of(summaries["sky"].meta, "run_realisations", paths["sky"])
    min_stars = engine["montecarlo_min_stars"]
    jeans = text_tables.read_ecsv(paths["masses"], masses.MASSES, masses.MASS_TEXTS)
    spread = text_tables.read_ecsv(paths["spread"], masses.SPREAD, masses.SPREAD_TEXTS)
    judgements = (asymmetry, judged["judged"], jeans, spread)
    radial = {sample: summaries[f"{sample}_radial"] for sample in SAMPLES}
    chosen = paths.get("figures_systematic")
    labels = bins.add_systematic(radial, paths["sensitivity"], chosen) if chosen else []
    tables = Tables(ledger, clean, readers, summaries, *judgements, min_stars, labels)
    for key in _SOURCE:
        if key not in tables.meta:
            raise UserError(f"{paths['sky']}: its metadata have no {key}; make it anew")
    catalogue = tables.meta["catalogue"]
    of_stars = (ledger, clean, *readers.values(), *summaries.values())
    metas = [table.meta for table in (*of_stars, asymmetry, jeans, spread)]
    for meta in (*metas, judged["catalogue"]):
        if meta.get("catalogue") != catalogue:
            raise UserError(
                f"tables of two catalogues, {catalogue} and {meta.get('catalogue')},"
                " were given; give those of one run"
            )
    return tables


def numbers(tables: Tables, feh_slices: list, radii_kpc: tuple = ()) -> dict:
    """Measure all numbers; `feh_slices` are ranges of [Fe/H], dex; masses are within `radii_kpc`.

    What fewer than `montecarlo.min_stars` stars tell has no value.
    """
    readers, summaries, least = tables.samples, tables.summaries, tables.min_stars
    radial = {sample: summaries[f"{sample}_radial"] for sample in SAMPLES}
    edges = np.unique([np.asarray(radial["halo"][name]) for name in ("r_lo", "r_hi")])
    choices, settings = _settings(tables.meta, tables.asymmetry.meta, tables.jeans.meta)
    if tables.systematic:
        choices["systematic"] = "; ".join(tables.systematic)
    return {
        "catalogue": {key: tables.meta[key] for key in _SOURCE},
        "cuts_off": dict(tables.meta.get("cuts_off", {})),
        "choices": choices,
        "settings": settings,
        "counts": counts.counts(tables.ledger, tables.clean) | counts.beyond(readers),
        "plain_dispersion": samples.whole_samples(readers, feh_slices, least),
        "velocity_error": samples.velocity_errors(readers["halo"], edges, least),
        "line_of_sight": bins.lines_of_sight(summaries["sky"]),
        "profile": bins.profiles(radial),
        "map": samples.structures(readers["insitu"], least),
        "quadrant": samples.quadrants(readers, least),
        "significance": bins.significance(tables.asymmetry),
        "mass": masses.masses(tables.jeans, radii_kpc) | masses.spreads(tables.spread),
        "judged": tables.judged,
    }


def _settings(*metas: dict) -> tuple[dict, dict]:
    """Take what was chosen, as texts and as numbers, from the parameters of all steps."""
    choices, settings = {}, {}
    steps = [step for meta in metas for step in meta.get("parameters", {}).items()]
    for step, parameters in sorted(steps, key=lambda step: step[0]):
        for key, value in sorted(parameters.items()):
            if step in _NOT_QUOTED or isinstance(value, bool | list) or "sha256" in key:
                continue
            unit = next((u for end, u in _UNITS.items() if key.endswith(f"_{end}")), "")
            if isinstance(value, str):
                choices[key] = value
            elif value is not None:
                settings[key] = number(value, unit) | {"exact": True}
    choices.pop("sample", None)
    return choices, settings
