# Our Halo of Ice and Fire (Han et al. 2024): from a survey table to every figure and number.
#
#   snakemake --cores 2                                    with a synthetic catalogue
#   snakemake --cores 2 --configfile config/quick.yaml     the same in less than a minute
#   snakemake --cores 2 --configfile my_survey.yaml        with your own choices


import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))
from icefire.errors import UserError
from icefire.workflow import GEOMETRIES, SAMPLES, check_config, code

min_version("9.27")

# Steps run with the interpreter that runs Snakemake, whether its environment is active or not.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


configfile: "config/config.yaml"


try:
    check_config(config, Path(workflow.basedir) / "config" / "config.schema.yaml")
except UserError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    results="/".join(filter(None, ("results", config["run"]))),
    figures="/".join(filter(None, ("figures", config["run"]))),
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


include: "rules/common.smk"
include: "rules/catalog.smk"
include: "rules/samples.smk"
include: "rules/montecarlo.smk"
include: "rules/summaries.smk"
include: "rules/figures.smk"
include: "rules/paper.smk"


rule all:
    """Everything: ten figures, summaries, ledger, numbers and the comparison with the paper."""
    default_target: True
    input:
        rules.figures.input,
        rules.compare_with_paper.output,
