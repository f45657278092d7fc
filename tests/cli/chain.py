"""The steps of a small run, from the survey table to the comparison with the paper."""

from __future__ import annotations

import dataclasses
import functools
import re
import shutil
from pathlib import Path

import yaml

from icefire.snake.rules import GEOMETRIES, SAMPLES, Flags

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
    "significance": {"permutations": 40, "shards": SHARDS},
    "calibration": {"halos": 3, "halo_stars": 400, "realisations": 20, "shards": SHARDS},
}


@dataclasses.dataclass(frozen=True)
class Step:
    """One call of a script: its files by flag, and its other flags as the rule writes them."""

    name: str
    script: str
    inputs: dict[str, list[Path]]
    outputs: dict[str, Path]
    params: list[str]

    def argv(self) -> list[str]:
        words = [word for flag, paths in self.inputs.items() for word in (flag, *map(str, paths))]
        words += [word for flag, path in self.outputs.items() for word in (flag, str(path))]
        return words + self.params

    def writing_to(self, folder: Path) -> Step:
        """Give the same step with its outputs, under their names, in another folder."""
        outputs = {flag: folder / path.name for flag, path in self.outputs.items()}
        return dataclasses.replace(self, outputs=outputs)

    def reading(self, flag: str, path: Path) -> Step:
        """Give the same step with another file as the (first) input of a flag."""
        return self.reading_all(flag, [path, *self.inputs[flag][1:]])

    def reading_all(self, flag: str, paths: list[Path]) -> Step:
        """Give the same step with other files as the input of a flag, or without the flag."""
        others = {name: given for name, given in self.inputs.items() if name != flag}
        return dataclasses.replace(self, inputs=others | ({flag: paths} if paths else {}))

    def with_flag(self, flag: str, value: str) -> Step:
        """Give the same step with another value of a flag."""
        without = self.without_flag(flag)
        return dataclasses.replace(without, params=[*without.params, f"{flag}={value}"])

    def without_flag(self, flag: str) -> Step:
        """Give the same step without one of its flags."""
        params = [word for word in self.params if word.split("=")[0] != flag]
        return dataclasses.replace(self, params=params)

    def call(self) -> Done:
        return call(self.script, self.argv())


@dataclasses.dataclass
class Chain:
    """The steps of a run by name, in their order, and what each of them did."""

    folder: Path
    steps: dict[str, Step]
    done: dict[str, Done] = dataclasses.field(default_factory=dict)

    def of_script(self, script: str) -> Step:
        """Give the first step that runs a script."""
        return next(step for step in self.steps.values() if step.script == script)

    def run(self) -> Chain:
        """Do every step."""
        for name in ("config", "resources"):
            shutil.copytree(REPO / name, self.folder / name)
        changes = self.folder / "config" / "changes.yaml"
        changes.write_text(yaml.safe_dump(CHANGES), encoding="utf-8")
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


def small_config() -> dict:
    """Give the project's configuration, smaller."""

    def overlay(below: dict, above: dict) -> dict:
        merged = {k: overlay(below[k], v) if isinstance(v, dict) else v for k, v in above.items()}
        return {**below, **merged}

    text = (REPO / "config" / "config.yaml").read_text(encoding="utf-8")
    return overlay(yaml.safe_load(text), SMALL)


@functools.cache
def written() -> dict:
    """Compile the `params` of every rule, as the rules write them."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(REPO.glob("rules/*.smk"))]
    bodies = re.split(r"^rule (\w+):\n", "\n".join(texts), flags=re.M)
    found = {}
    for rule, body in zip(bodies[1::2], bodies[2::2], strict=True):
        words = re.search(r"^    params:\n(.*?)^    shell:", body, re.M | re.S)
        found[rule] = compile(f"dict({words[1] if words else ''})", rule, "eval")
    return found


def params(rule: str, config: dict) -> list[str]:
    """Write the flags that a rule gives its script."""
    return list(eval(written()[rule], {"flag": Flags(config)}).values())


def chain_of(folder: Path, config: dict, catalogue: Path | None = None) -> Chain:
    """Lay out all steps in a folder, from a catalogue or else from a simulated one."""
    results, figures = folder / "results", folder / "figures"
    steps: dict[str, Step] = {}

    def add(name, inputs, outputs, script=None, rule=None, more=()):
        script = script or name.split()[0]
        inputs = {k: v if isinstance(v, list) else [v] for k, v in inputs.items()}
        flags = [*more, *params(rule or script, config)]
        steps[name] = Step(name, script, inputs, outputs, flags)

    satellites = folder / config["satellites"]["catalogue"]
    simulated = catalogue is None
    if simulated:
        catalogue = results / "synthetic" / "catalogue.fits"
        add(
            "simulate_survey",
            {
                "--model": folder / config["synthetic"]["model"],
                "--changes": [folder / name for name in config["synthetic"]["changes"]],
                "--satellites": satellites,
            },
            {"--catalogue": catalogue, "--truth": catalogue.with_name("truth.fits")},
        )
    made = results / "catalog"
    clean, kinematics, stars = (made / f"{n}.fits" for n in ("clean", "kinematics", "stars"))
    fields, ledger = made / "fields.ecsv", made / "ledger.ecsv"
    survey = folder / "config" / "surveys" / f"{config['catalog']['survey']}.yaml"
    add(
        "clean_catalog",
        {"--catalogue": catalogue, "--survey": survey},
        {"--clean": clean, "--fields": fields},
    )
    add("compute_kinematics", {"--clean": clean}, {"--kinematics": kinematics})
    add(
        "flag_substructure",
        {"--clean": clean, "--kinematics": kinematics, "--satellites": satellites},
        {"--stars": stars},
    )
    samples = {f"--{sample}": results / "samples" / f"{sample}.fits" for sample in SAMPLES}
    add("select_samples", {"--stars": stars}, {**samples, "--ledger": ledger})

    def shard(geometry, sample, number) -> Path:
        return results / "montecarlo" / geometry / sample / f"{geometry}_{number}-of-{SHARDS}.npz"

    for sample in SAMPLES:
        for number in range(SHARDS):
            add(
                f"run_realisations {sample} {number}",
                {"--stars": samples[f"--{sample}"]},
                {f"--{geometry}": shard(geometry, sample, number) for geometry in GEOMETRIES},
                more=(f"--sample={sample}", f"--shard={number}", f"--shards={SHARDS}"),
            )
    summary = {}
    # First the lines of sight of the halo, the only summary with an accreted fraction.
    for geometry in sorted(GEOMETRIES, key=lambda name: name != "sky"):
        for sample in SAMPLES:
            summary[geometry, sample] = results / "summaries" / geometry / f"{sample}.ecsv"
            inputs = {"--shards": [shard(geometry, sample, i) for i in range(SHARDS)]}
            if (geometry, sample) == ("sky", "halo"):
                inputs["--fraction-of"] = [shard("sky", s, 0) for s in ("accreted", "insitu")]
            outputs = {"--summary": summary[geometry, sample]}
            add(f"summarise {geometry} {sample}", inputs, outputs)

    def plot(rule, inputs, script=None, more=()):
        outputs = {f"--{kind}": figures / f"{rule}.{kind}" for kind in ("pdf", "png")}
        style = {"--style": folder / "config" / "paper.mplstyle"}
        add(rule, {**inputs, **style}, outputs, script or rule, rule, more)

    def summaries(geometry, wanted=SAMPLES, ending="") -> dict:
        return {f"--{sample}{ending}": summary[geometry, sample] for sample in wanted}

    plot("plot_footprint", {"--fields": fields})
    plot("plot_chemistry", {"--stars": stars, "--halo": samples["--halo"]})
    plot("plot_velocity_errors", {"--halo": samples["--halo"]})
    for plane in ("xy", "xz"):
        points = {f"{flag}-stars": path for flag, path in samples.items()}
        inputs = {**summaries(plane), **points}
        plot(f"plot_sigma_{plane}", inputs, "plot_sigma_plane", [f"--plane={plane}"])
    plot("plot_sigma_sky", summaries("sky"))
    for quantity in ("sigma_r", "beta"):
        rule = f"plot_{quantity.split('_')[0]}_vs_accreted"
        inputs = {"--sky": summary["sky", "halo"]}
        plot(rule, inputs, "plot_line_of_sight", [f"--quantity={quantity}"])
    literature = {n: folder / config["figures"][f"literature_{n}"] for n in ("sigma_r", "beta")}
    inputs = summaries("radial", ("accreted", "insitu"))
    plot("plot_sigma_profile", {**inputs, "--literature": literature["sigma_r"]})
    inputs = summaries("radial", ("halo",))
    plot("plot_beta_profile", {**inputs, "--literature": literature["beta"]})

    numbers = results / "numbers.yaml"
    add(
        "collect_numbers",
        {
            "--ledger": ledger,
            "--clean": clean,
            **samples,
            "--sky": summary["sky", "halo"],
            **summaries("radial", ("accreted", "insitu"), "-radial"),
        },
        {f"--{kind}": numbers.with_suffix(f".{kind}") for kind in ("yaml", "tex", "rst")},
    )
    add(
        "compare_with_paper",
        {"--numbers": numbers, "--claims": folder / "resources" / "paper_claims.yaml"},
        {"--comparison": results / "paper_comparison.ecsv"},
    )
    add(
        "verify_run",
        {
            "--catalogue": catalogue,
            "--stars": stars,
            "--ledger": ledger,
            **samples,
            **{f"--{g}": [summary[g, sample] for sample in SAMPLES] for g in GEOMETRIES},
            "--numbers": [numbers.with_suffix(f".{kind}") for kind in ("yaml", "tex", "rst")],
            "--claims": folder / "resources" / "paper_claims.yaml",
            "--comparison": results / "paper_comparison.ecsv",
        },
        {"--verified": results / "verified.txt"},
        rule="verify",
    )
    for page, table in (("ledger", ledger), ("comparison", results / "paper_comparison.ecsv")):
        outputs = {"--html": results / "report" / f"{page}.html"}
        add(f"write_page {page}", {"--table": table}, outputs, rule=f"write_{page}_page")
    if simulated:
        written = {
            f"--{name}": results / f"synthetic_{name}.ecsv"
            for name in ("check", "cuts", "distributions")
        }
        add(
            "check_synthetic",
            {
                "--catalogue": catalogue,
                "--truth": catalogue.with_name("truth.fits"),
                "--stars": stars,
                "--ledger": ledger,
                "--targets": folder / "resources" / "h3_targets.yaml",
            },
            written,
        )
        drawn = {flag: written[flag] for flag in ("--check", "--distributions")}
        plot("plot_synthetic_check", drawn)
        for name in ("check", "cuts"):
            outputs = {"--html": results / "report" / f"synthetic_{name}.html"}
            rule = f"write_synthetic_{name}_page"
            add(
                f"write_page synthetic_{name}",
                {"--table": written[f"--{name}"]},
                outputs,
                rule=rule,
            )
    scores = [results / "significance" / f"{number}-of-{SHARDS}.npz" for number in range(SHARDS)]
    for number, path in enumerate(scores):
        outputs, more = {"--scores": path}, (f"--shard={number}", f"--shards={SHARDS}")
        add(f"test_asymmetry {number}", samples, outputs, more=more)
    asymmetry = {"--table": results / "asymmetry.ecsv", "--map": results / "asymmetry_map.ecsv"}
    inputs = {"--scores": scores, "--halo": samples["--halo"]}
    add("summarise_asymmetry", inputs, asymmetry)
    plot("plot_asymmetry", asymmetry)
    counts = [results / "calibration" / f"{number}-of-{SHARDS}.npz" for number in range(SHARDS)]
    for number, path in enumerate(counts):
        add(
            f"run_calibration {number}",
            {"--stars": samples["--halo"]},
            {"--counts": path},
            more=(f"--shard={number}", f"--shards={SHARDS}"),
        )
    table = results / "calibration.ecsv"
    words = results / "calibration_advice.rst"
    add("summarise_calibration", {"--counts": counts}, {"--table": table, "--advice": words})
    plot("plot_calibration", {"--table": table})
    return Chain(folder, steps)


# The same steps without files, for parameters of tests and for flags that fail before any is read
LAYOUT = chain_of(Path("/nowhere"), small_config())
