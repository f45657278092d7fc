"""A finished run held against the second implementations of `reference`."""

from pathlib import Path

import numpy as np
import reference
import yaml

from icefire.files import star_tables, text_tables

SAMPLES = ("halo", "accreted", "insitu")
ENGINE = "run_realisations"
# Draws of the reference for each bin; its Monte Carlo error is in the chance
DRAWS = 1000
# Of a false alarm, in all values of a run together
RARE = 1e-3


class Run:
    """The tables of a run, whole."""

    def __init__(self, results: Path):
        self.results = results
        reader = star_tables.StarReader(results / "catalog" / "stars.fits")
        self.stars, self.off = reader.all(), reader.meta["cuts_off"]
        readers = {s: star_tables.StarReader(results / "samples" / f"{s}.fits") for s in SAMPLES}
        self.samples = {sample: reader.all() for sample, reader in readers.items()}
        self.summaries = {
            (path.parent.name, path.stem): text_tables.read_ecsv(path)
            for path in sorted((results / "summaries").glob("*/*.ecsv"))
        }
        self.parameters = self.summaries["sky", "halo"].meta["parameters"]


def flags(run: Run) -> None:
    """Every star's flags are what its own columns say."""
    for name, wanted in reference.flags(run.stars, run.parameters, run.off).items():
        np.testing.assert_array_equal(run.stars[name], wanted, name)


def samples(run: Run) -> None:
    """The three samples are the stars that the paper's section 2 chooses."""
    for sample, wanted in reference.samples(run.stars, run.parameters).items():
        ids = run.stars["star_id"][wanted]
        np.testing.assert_array_equal(run.samples[sample]["star_id"], ids, sample)


def numbers(run: Run) -> None:
    """Every number of numbers.yaml that the reference has is the reference's, to six digits."""
    tables = run.summaries
    wanted = reference.numbers(
        text_tables.read_ecsv(run.results / "catalog" / "ledger.ecsv"),
        run.stars,
        run.samples,
        tables["sky", "halo"],
        {sample: tables["radial", sample] for sample in SAMPLES[1:]},
        run.parameters[ENGINE]["montecarlo_min_stars"],
    )
    quoted = yaml.safe_load((run.results / "numbers.yaml").read_text(encoding="utf-8"))
    for key, ends in wanted.items():
        entry = quoted
        for part in key.split("."):
            entry = entry[part]
        for name, end in zip(("value", "lo68", "hi68"), ends, strict=True):
            says, end = entry.get(name), None if end is None or np.isnan(end) else float(end)
            alike = says == end or np.isclose(says or np.nan, end or np.nan, rtol=6e-6, atol=1e-6)
            assert alike, f"{key}, {name}: {says}, and by the reference {end}"


def fraction(run: Run) -> None:
    """The accreted fraction of a line of sight is that of its stars."""
    sky = run.summaries["sky", "halo"]
    for row in sky:
        n = [
            np.count_nonzero(reference.inside(run.samples[name], row, "sky", run.parameters))
            for name in SAMPLES[1:]
        ]
        least = run.parameters[ENGINE]["montecarlo_min_stars"]
        share = n[0] / sum(n) if sum(n) >= least else np.nan
        assert np.isclose(row["accreted_fraction"], share, rtol=0, atol=1e-6, equal_nan=True), row


def some(table, min_stars: int, count: int = 5) -> np.ndarray:
    """Choose measured bins, from those with the fewest stars to the fullest."""
    measured = np.flatnonzero(np.asarray(table["n_stars"]) >= min_stars)
    order = measured[np.argsort(table["n_stars"][measured], kind="stable")]
    chosen = np.linspace(0, len(order) - 1, count if len(order) else 0)
    return order[np.unique(chosen.round().astype(int))]


def chances(run: Run) -> list[tuple[float, str]]:
    """Give the chance of every median and interval of some bins, and where it stands."""
    rng, found = np.random.default_rng(20), []
    p = run.parameters[ENGINE]
    for (name, sample), table in run.summaries.items():
        stars = run.samples[sample]
        for row in table[some(table, p["montecarlo_min_stars"])]:
            here = reference.inside(stars, row, name, run.parameters)
            assert row["n_stars"] == np.count_nonzero(here), (name, sample, row)
            chosen = {column: values[here] for column, values in stars.items()}
            variance = reference.han2024(chosen, len(stars["ra"]), run.parameters, DRAWS, rng)
            for quantity, values in reference.quantities(variance).items():
                for ending, level in reference.LEVELS.items():
                    value, n = row[quantity + ending], p["montecarlo_realisations"]
                    chance = reference.chance(value, level, values, n)
                    found.append((chance, f"{name} {sample} {row['n_stars']} {quantity}{ending}"))
    return found


def medians(run: Run) -> None:
    """Medians and intervals of the paper's recipe are those of the reference's own draws.

    The rarest of all values is no rarer than it may be, and not too many are rare.
    """
    assert run.parameters[ENGINE]["uncertainty_method"] == "han2024"
    found = chances(run)
    assert len(found) >= 100
    assert min(found)[0] > RARE / len(found), min(found)
    # Values of a bin go together, so more of them may be rare at once than one in a hundred.
    assert np.mean([chance < 0.01 for chance, _ in found]) < 0.05


CHECKS = (flags, samples, numbers, fraction, medians)
