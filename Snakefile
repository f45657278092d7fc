# Our Halo of Ice and Fire (Han et al. 2024): from a survey table to every figure and number.
#   snakemake --cores 2                                    with a synthetic catalogue
#   snakemake --cores 2 --configfile my_survey.yaml        with your own choices

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))
from icefire.snake.config import check_config
from icefire.errors import UserError
from icefire.files.columns import SAMPLES
from icefire.snake.rules import code, folder_of, put_python_first

min_version("9.27")
# Steps run with the interpreter that runs Snakemake.
put_python_first()


configfile: "config/config.yaml"


report: "report/workflow.rst"


try:
    schema = Path(workflow.basedir) / "config" / "config.schema.yaml"
    check_config(config, schema, workflow.configfiles)
except UserError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    results=folder_of("results", config["run"]),
    figures=folder_of("figures", config["run"]),
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


include: "rules/common.smk"
include: "rules/synthetic.smk"
include: "rules/catalog.smk"
include: "rules/samples.smk"
include: "rules/montecarlo.smk"
include: "rules/summaries.smk"
include: "rules/figures.smk"
include: "rules/significance.smk"
include: "rules/paper.smk"
include: "rules/second.smk"
include: "rules/calibration.smk"
include: "rules/report.smk"
include: "rules/verify.smk"


rule all:
    """Everything: ten figures, summaries, ledger, numbers, the comparison with the paper."""
    default_target: True
    input:
        rules.figures.input,
        rules.summarise_asymmetry.output + rules.plot_asymmetry.output,
        rules.write_pages.output + rules.verify.output,
        rules.plot_synthetic_check.output if config["catalog"]["path"] is None else [],
