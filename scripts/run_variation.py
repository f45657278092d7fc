"""Make the radial profiles of a run anew with one other choice, and tell what it shifts.

The steps that the choice changes, and those behind them, are given with all flags of each but its
files. They run here, one after the other, on the run's own files of the step before.
"""

import shlex
import shutil
from pathlib import Path

import clean_catalog
import compute_kinematics
import flag_substructure
import run_realisations
import select_samples
import summarise
from icefire import cli
from icefire.compare import differences, runs, sensitivity
from icefire.errors import UserError
from icefire.files import text_tables
from icefire.files.columns import SAMPLES
from icefire.files.steps import STEPS, needed

_SCRIPTS = (clean_catalog, compute_kinematics, flag_substructure, select_samples, run_realisations)
SCRIPTS = dict(zip(STEPS, _SCRIPTS, strict=True))


def build_parser():
    parser = cli.parser(__doc__)
    for name in dict.fromkeys(name for reads, _ in STEPS.values() for name in reads):
        text = "of the run; only where a step reads it that no step here makes it for"
        parser.add_argument(f"--{name}", nargs="?", metavar="PATH", help=text)
    text = "of the run: halo, accreted and in situ"
    parser.add_argument("--samples", nargs=len(SAMPLES), required=True, help=text)
    parser.add_argument("--summaries", nargs=len(SAMPLES), required=True, help=f"radial, {text}")
    for step in STEPS:
        text = f"flags of {step}.py without its files; only of the last steps"
        flag = f"--{step.replace('_', '-')}"
        parser.add_argument(flag, type=shlex.split, metavar="FLAGS", help=text)
    parser.add_argument("--shifts", required=True, help="one row per quantity and shell, written")
    return parser


def run_step(step: str, given: list[str]) -> None:
    """Run a step with these flags, as its script would."""
    script = SCRIPTS.get(step, summarise)
    print(f"--- {step}")
    script.work(script.build_parser().parse_args(given))


def measure(samples: dict[str, str], given: list[str], folder: Path) -> dict[str, str]:
    """Measure the radial profiles of samples; give their summaries."""
    shards = {name: folder / name / "0-of-1.npz" for name in samples}
    for path in shards.values():
        path.parent.mkdir()
    places = ["--stars", *samples.values(), "--measured", *map(str, shards.values())]
    names = [f"--sample={','.join(samples)}", "--shard=0", "--shards=1", "--only=radial"]
    run_step("run_realisations", [*given, *names, *places])
    summaries = {name: str(folder / f"{name}.ecsv") for name in samples}
    for name, path in summaries.items():
        run_step("summarise", ["--shards", str(shards[name]), "--summary", path])
    return summaries


def varied(files: dict, steps: dict[str, list[str]], samples: dict, folder: Path) -> runs.Run:
    """Run all steps but the last on the files given, measure, and give the run that they make."""
    *before, last = steps
    for step in before:
        reads, writes = STEPS[step]
        files |= {name: str(folder / f"{name}.fits") for name in writes}
        run_step(step, [*steps[step], *(f"--{name}={files[name]}" for name in (*reads, *writes))])
    samples = {name: files.get(name, path) for name, path in samples.items()}
    return runs.profiles(samples, measure(samples, steps[last], folder))


def work(arguments) -> None:
    given = {step: getattr(arguments, step) for step in STEPS}
    steps = {step: flags for step, flags in given.items() if flags is not None}
    if [*steps] != [*STEPS][len(STEPS) - len(steps) :]:
        raise UserError(f"give the flags of the last steps of {', '.join(STEPS)}, without a gap")
    files = {name: getattr(arguments, name) for name in needed(next(iter(steps), None))}
    if missing := [name for name, path in files.items() if path is None]:
        raise UserError(f"--{missing[0]} is missing, which a step reads")
    samples = dict(zip(SAMPLES, arguments.samples, strict=True))
    run = runs.profiles(samples, dict(zip(SAMPLES, arguments.summaries, strict=True)))
    name = Path(arguments.shifts).stem
    # Of its own name, so that what a kill leaves is taken away the next time
    folder = Path(arguments.shifts).parent / f".{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        other = varied(files, steps, samples, folder) if steps else run
        table = sensitivity.shifts(run, other)
    except UserError as error:
        raise UserError(f"variation {name}: {str(error).replace(f'{folder}/', '')}") from error
    finally:
        shutil.rmtree(folder)
    changed = differences.changed_parameters({"a": run, "b": other})
    meta = {**run.source, "parameters": run.parameters}
    meta["changed"] = [{"parameter": x["parameter"], "run": x["a"], "is": x["b"]} for x in changed]
    text_tables.write_ecsv(arguments.shifts, table, meta)
    cli.report("parameters changed", len(changed))


if __name__ == "__main__":
    raise SystemExit(cli.run(build_parser(), work))
