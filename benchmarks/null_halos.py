#!/usr/bin/env python
"""Which claims a featureless halo would support: config/null.yaml with other seeds.

    python benchmarks/null_halos.py --seeds 30 --folder results/null_halos

runs the workflow up to the answers for each seed of the synthetic survey (one population on a
sphere, seen by the same survey) and prints, for each claim about velocities, how many seeds have
which verdict.
"""

import argparse
import subprocess  # nosec B404
import sys
from collections import Counter
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from icefire.judge import claims

REPO = Path(__file__).resolve().parent.parent


def judged(seed: int, permutations: int, folder: Path) -> list[dict]:
    """Run one seed; give the verdicts on the claims about velocities."""
    run = f"null_{seed}"
    overlay = folder / f"{run}.yaml"
    settings = {
        "run": run,
        "synthetic": {"seed": seed},
        "significance": {"permutations": permutations},
    }
    overlay.write_text(yaml.safe_dump(settings), encoding="utf-8")
    target = f"results/{run}/judged.yaml"
    command = [sys.executable, "-m", "snakemake", target, "--cores", "2", "--quiet", "all"]
    command += ["--configfile", "config/null.yaml", str(overlay.resolve())]
    subprocess.run(command, cwd=REPO, check=True)  # nosec B603
    answers = yaml.safe_load((REPO / target).read_text(encoding="utf-8"))
    listed = claims.read(str(REPO / "resources" / "paper_claims.yaml"))
    listed = [claim for claim in listed if claim["number"].startswith("judged.")]
    numbers = answers | {"counts": {"rows": {"value": 302485}}}
    rows = claims.judge(listed, numbers, target)
    return [row | {"claim": claim["claim"]} for row, claim in zip(rows, listed, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--permutations", type=int, default=2500)
    parser.add_argument("--folder", type=Path, required=True, help="for the configurations")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    verdicts: dict[str, Counter] = {}
    for seed in range(1, arguments.seeds + 1):
        for row in judged(seed, arguments.permutations, arguments.folder):
            verdicts.setdefault(row["claim"], Counter())[row["verdict"]] += 1
    for claim, counts in verdicts.items():
        print(
            f"| {claim} | " + " | ".join(str(counts[name]) for name in claims.VERDICTS[:4]) + " |"
        )


if __name__ == "__main__":
    main()
