# Our Halo of Ice and Fire (Han et al. 2024): from a survey table to every figure and number.
#   snakemake --cores 2                                    with a synthetic catalogue
#   snakemake --cores 2 --configfile my_survey.yaml        with your own choices

import sys
import tempfile
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

# The folder of this file, also where another workflow has it as a module
BASE = workflow.current_basedir
if BASE.is_local:
    FOLDER = Path(BASE.get_path_or_uri(secret_free=True)).resolve()
else:
    # On a server, as snakedeploy has it: unpacked once, byte by byte, beside Snakemake's own copies.
    commit = BASE.hosted_repo.repo.commit(BASE.ref)
    FOLDER = Path(workflow.sourcecache.cache_path).resolve() / "icefire" / commit.hexsha
    if not FOLDER.is_dir():
        FOLDER.parent.mkdir(exist_ok=True)
        unpacked = Path(tempfile.mkdtemp(dir=FOLDER.parent))
        commit.repo.clone(unpacked, no_checkout=True).git.checkout(commit.hexsha)
        unpacked.rename(FOLDER)
MODULE = not workflow.modifier.is_main_snakefile()
# Nothing is written into a clone that is used from elsewhere.
sys.dont_write_bytecode |= Path.cwd() != FOLDER
# Another clone's library may be there, where both are modules of one workflow.
for name in [name for name in sys.modules if name.split(".")[0] == "icefire"]:
    del sys.modules[name]
sys.path.insert(0, str(FOLDER / "scripts"))
from icefire.snake.config import check_config
from icefire.errors import UserError
from icefire.files.columns import SAMPLES
from icefire.snake.places import check_writable, complete, set_environment
from icefire.snake.rules import folder_of, mark_content

min_version("9.27")
# Steps run with the interpreter that runs Snakemake.
set_environment(sys.executable, MODULE)


report: "report/workflow.rst"


try:
    check_writable()
    complete(config, MODULE)
    schema_path = FOLDER / "config" / "config.schema.yaml"
    schema = check_config(config, schema_path, workflow.configfiles)
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
include: "rules/sensitivity.smk"
include: "rules/figures.smk"
include: "rules/significance.smk"
include: "rules/mass.smk"
include: "rules/paper.smk"
include: "rules/calibration.smk"
include: "rules/verify.smk"
include: "rules/report.smk"
include: "rules/fetch.smk"


rule all:
    """Everything: ten figures, summaries, ledger, numbers, the comparison, the article."""
    default_target: True
    input:
        rules.figures.input,
        rules.test_asymmetry.output + rules.plot_asymmetry.output,
        rules.compute_jeans.output + rules.plot_jeans.output,
        rules.write_pages.output + rules.verify.output,
        rules.write_texts.output + rules.write_paper.output,
        rules.plot_synthetic_check.output if config["catalog"]["path"] is None else [],


# Where this is a module, the other workflow's rules are left as they are.
mark_content([rule for rule in workflow.rules if "code" in rule.input.keys()])
