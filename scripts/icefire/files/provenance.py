"""What the tables of one run have in common: their samples, their bins, and what made them."""

from __future__ import annotations

from collections.abc import Mapping

from icefire.errors import UserError

SAMPLES = ("halo", "accreted", "insitu")
# The columns of each geometry's summaries that tell its bins apart.
COORDINATES = {
    "xy": ("x", "y"),
    "xz": ("x", "z"),
    "sky": ("pixel", "l", "b"),
    "radial": ("quadrant", "r_lo", "r_mid", "r_hi"),
}
# Where stars come from: the metadata of every table of a run, beside the parameters of its steps.
SOURCE = ("catalogue", "synthetic", "survey", "cuts_off", "icefire_version")
FINISH = "finish the run: snakemake --cores 2, with --configfile and its file if it has one"


def agreed(metas: Mapping[object, dict], last_steps: Mapping[object, str]) -> dict[str, dict]:
    """Gather the parameters of all steps, and under `source` where stars come from.

    Parameters
    ----------
    metas
        Metadata of every table, by its path.
    last_steps
        The last step whose parameters each table must name, by the same paths.

    Returns
    -------
    dict
        Parameters by name, by step; without `sample`, in which the tables of a run differ.

    Raises UserError naming the table that lacks some, or two that were made with different ones.
    """
    found: dict[str, dict] = {}
    first: dict[str, object] = {}
    for path, meta in metas.items():
        steps = meta.get("parameters", {})
        lacking = [key for key in SOURCE if key not in meta]
        lacking += [f"parameters of {last_steps[path]}"] if last_steps[path] not in steps else []
        if lacking:
            raise UserError(f"{path}: its metadata have no {lacking[0]}; make it anew")
        for step, values in {"source": {key: meta[key] for key in SOURCE}, **steps}.items():
            values = {name: value for name, value in values.items() if name != "sample"}
            known = found.setdefault(step, values)
            first.setdefault(step, path)
            if known != values:
                names = sorted(k for k in {*known, *values} if known.get(k) != values.get(k))
                raise UserError(
                    f"{path}: made with other parameters than {first[step]}"
                    f" ({step}: {', '.join(names)}); {FINISH}"
                )
    return found
