"""The steps of a small run, from the survey table to the calibration, as Snakemake plans them."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import shutil
import tempfile
from pathlib import Path

import yaml
from astropy.table import Table
from planning import VARIATIONS, Job, dry_runs, in_order, jobs, params

from icefire.files.columns import SAMPLES

from .calls import REPO, Done, call

SHARDS = 2
# What the chain changes in the model, in a file of its own: ten times as many repeated spectra
CHANGES = {"warts": {"repeated_fraction": 0.05}}
# Enough stars for measured bins in every sample, and no more bins and realisations than that.
SMALL = {
    "synthetic": {"rows": 20_000, "changes": ["config/changes.yaml"]},
    "aleph": {"orbit_step_myr": 4.0, "orbit_time_gyr": 1.0},
    "geometry": {
        "xy": {"step_kpc": 10.0, "radius_kpc": 10.0},
        "xz": {"step_kpc": 10.0, "radius_kpc": 10.0},
        "sky": {"nside": 2},
        "radial": {"bins": 4},
    },
    "montecarlo": {"realisations": 8, "shards": SHARDS},
    "significance": {"permutations": 40},
    "calibration": {"halos": 3, "halo_stars": 400, "realisations": 20, "shards": SHARDS},
}


@dataclasses.dataclass(frozen=True)
class Step:
    """One call of a script: its files by flag, and its other flags as the rule writes them.

    Where several files are written for one flag, the second is that of `--flag 1`, and so on.
    """

    name: str
    rule: str
    script: str
    inputs: dict[str, list[Path]]
    outputs: dict[str, Path]
    params: list[str]

    def argv(self) -> list[str]:
        words = [word for flag, paths in self.inputs.items() for word in (flag, *map(str, paths))]
        for flag, path in self.outputs.items():
            words += [str(path)] if " " in flag else [flag, str(path)]
        return words + self.params

    def placed(self, folder: Path, own_table: Path | None) -> Step:
        """Give the same step with all of its files in a folder, but for a survey table."""
        inputs = {
            flag: [own_table if path == OWN_TABLE else folder / path for path in paths]
            for flag, paths in self.inputs.items()
        }
        outputs = {flag: folder / path for flag, path in self.outputs.items()}
        return dataclasses.replace(self, inputs=inputs, outputs=outputs)

    def writing_to(self, folder: Path) -> Step:
        """Give the same step with its outputs, under their names, in another folder."""
        paths = [path.parts for path in self.outputs.values()]
        alike = len({parts[-1] for parts in paths}) < len(paths)
        # With the folders of geometry and sample where only they tell them apart
        outputs = {
            flag: folder.joinpath(*path.parts[-3 if alike else -1 :])
            for flag, path in self.outputs.items()
        }
        return dataclasses.replace(self, outputs=outputs)

    def reading(self, flag: str, path: Path) -> Step:
        """Give the same step with another file as the (first) input of a flag."""
        return self.reading_all(flag, [path, *self.inputs[flag][1:]])

    def reading_all(self, flag: str, paths: list[Path]) -> Step:
        """Give the same step with other files as the input of a flag, or without the flag."""
        others = {name: given for name, given in self.inputs.items() if name != flag}
        inputs = others | ({flag: paths} if paths else {})
        return dataclasses.replace(self.without_flag(flag), inputs=inputs)

    def with_flag(self, flag: str, value: str) -> Step:
        """Give the same step with another value of a flag."""
        without = self.without_flag(flag)
        return dataclasses.replace(without, params=[*without.params, f"{flag}={value}"])

    def without_flag(self, flag: str) -> Step:
        """Give the same step without one of its flags."""
        params = [word for word in self.params if word.split("=")[0] != flag]
        return dataclasses.replace(self, params=params)

    def under(self, before: dict, after: dict) -> Step:
        """Give the same step under another configuration, with which the same steps follow."""
        own = params(self.rule, before)
        others = [word for word in self.params if word not in own]
        return dataclasses.replace(self, params=others + params(self.rule, after))

    def flag(self, ending: str) -> str:
        """Give the whole name of the one flag that ends so, such as `method`."""
        words = (word.split("=")[0] for word in self.params)
        (name,) = {word for word in words if re.fullmatch(rf"--(.*-)?{ending}", word)}
        return name

    def call(self) -> Done:
        return call(self.script, self.argv())


@dataclasses.dataclass
class Chain:
    """The steps of a run by name, in their order, and what each of them did."""

    folder: Path
    steps: dict[str, Step]
    catalogue: Path | None = None
    done: dict[str, Done] = dataclasses.field(default_factory=dict)

    def of_script(self, script: str) -> Step:
        """Give the first step that runs a script."""
        return next(step for step in self.steps.values() if step.script == script)

    def run(self) -> Chain:
        """Do every step."""
        for name in ("config", "resources", "report", "paper"):
            shutil.copytree(REPO / name, self.folder / name)
        write_changes(self.folder)
        # Small pictures are quicker, and are no other code.
        style = self.folder / "config" / "paper.mplstyle"
        text = re.sub(r"^(savefig.dpi:).*", r"\1 50", style.read_text(encoding="utf-8"), flags=re.M)
        style.write_text(text, encoding="utf-8")
        for name, step in self.steps.items():
            self.done[name] = step.call()
        return self

    def output(self, step: str, flag: str) -> Path:
        """Give the file that a step writes for a flag."""
        return self.steps[step].outputs[flag]

    def table(self, step: str, flag: str) -> Table:
        """Read the table that a step writes for a flag."""
        return Table.read(self.output(step, flag))


def overlay(below: dict, above: dict) -> dict:
    """Lay one configuration over another as Snakemake does; lists are whole values."""
    merged = {k: overlay(below[k], v) if isinstance(v, dict) else v for k, v in above.items()}
    return {**below, **merged}


def small_config() -> dict:
    """Give the project's configuration, smaller."""
    text = (REPO / "config" / "config.yaml").read_text(encoding="utf-8")
    return overlay(yaml.safe_load(text), SMALL)


def write_changes(folder: Path) -> None:
    text = yaml.safe_dump(CHANGES)
    (folder / "config" / "changes.yaml").write_text(text, encoding="utf-8")


# --- the plan --------------------------------------------------------------------------------

OWN_TABLE = Path("own_table")


@functools.cache
def plan(config: str) -> list[Step]:
    """List the steps that Snakemake plans for a whole configuration (JSON, which is YAML)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("Snakefile", "rules", "scripts", "report", "paper", "resources"):
            (folder / part).symlink_to(REPO / part)
        shutil.copytree(REPO / "config", folder / "config")
        for path in (folder / "config" / "variations").iterdir():
            if path.stem not in VARIATIONS:
                path.unlink()
        write_changes(folder)
        (folder / OWN_TABLE).touch()
        (folder / "small.yaml").write_text(config, encoding="utf-8")
        (said,) = dry_runs(folder, [["-p", "--configfile", "small.yaml"]])
    planned = jobs(said)
    assert planned, said
    # Snakemake's order is any that is possible; first is here what has most to read.
    planned.sort(key=lambda job: (-len(step_of(job).inputs), halo_first(step_of(job).name)))
    return [step_of(job) for job in in_order(planned)]


def halo_first(name: str) -> list[str]:
    """Give what sorts names of steps, the whole halo before its parts."""
    return [str([*SAMPLES].index(word)) if word in SAMPLES else word for word in name.split()]


def step_of(job: Job) -> Step:
    """Tell files and other flags of a job's command apart."""
    python, script, *words = job.words
    assert python == "python"
    inputs, outputs, params = {}, {}, []
    starts = [i for i, word in enumerate(words) if word.startswith("--")]
    for start, stop in zip(starts, [*starts[1:], len(words)], strict=True):
        flag, *values = words[start:stop]
        if values and set(values) <= set(job.outputs):
            names = [flag, *(f"{flag} {number}" for number in range(1, len(values)))]
            outputs |= dict(zip(names, map(Path, values), strict=True))
        elif values and set(values) <= set(job.inputs):
            inputs[flag] = [Path(value) for value in values]
        else:
            params.append("=".join([flag, *values]))
    wildcards = [value for name, value in job.wildcards.items() if name != "shards"]
    name = " ".join([job.rule, *wildcards])
    return Step(name, job.rule, Path(script).stem, inputs, outputs, params)


def chain_of(folder: Path, config: dict, catalogue: Path | None = None) -> Chain:
    """Lay out all steps in a folder, from a catalogue or else from a simulated one."""
    if catalogue is not None:
        config = overlay(config, {"catalog": {"path": str(OWN_TABLE)}})
    steps = plan(json.dumps(config, sort_keys=True))
    return Chain(folder, {step.name: step.placed(folder, catalogue) for step in steps}, catalogue)


# The same steps without files, for parameters of tests and for flags that fail before any is read
LAYOUT = chain_of(Path("/nowhere"), small_config())
