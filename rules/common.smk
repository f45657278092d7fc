# Shared by all rules.
#
# Where files go: <results>, <figures>, <logs> and <benchmarks> are set in the Snakefile from the
# run's name. code(step) lists a step's script and the modules of ours that it imports.
# ours(path) is a file of the workflow, find(path) one that the working folder may have of its own.
# flags(*keys) writes values of the configuration as whole flags, flags.of(step) all that a step from
# the survey to the profiles takes, which a variation may change. beside(*files) names files
# of the runs beside this one, map_files(geometry) the further maps. memory_mb(...) and minutes(...)
# make what a job asks of a cluster.

from functools import partial

from icefire.numbers.quoting import written
from icefire.snake import places
from icefire.snake.beside import files_beside
from icefire.snake.cluster import catalogue_mb, memory_mb, minutes, realisation_minutes
from icefire.snake.quiet import failures, leave_progress
from icefire.snake.rules import Flags, code as code_of, make_ready

code = partial(code_of, module=MODULE)
find = partial(places.find, module=MODULE)
ours = partial(places.ours, module=MODULE)
flags = Flags(config)
# In an order of their own: an overlay that names one of them puts it first.
GEOMETRIES = sorted(config["geometry"])
beside = files_beside(config)


WHERE = {"xy": "in X and Y", "xz": "in X and Z", "sky": "on the sky"}


def map_files(geometry):
    """Name the maps of further quantities, PDF and PNG of each."""
    found = []
    for quantity in config["figures"]["maps"]:
        stem = f"<figures>/maps/{quantity}_{geometry}"
        look = {"caption": "../report/map.rst", "category": "2. Maps"}
        name = written(quantity.removesuffix("_half_width")).replace("n_stars", "stars")
        what = f"half the interval of {name}" if quantity.endswith("_half_width") else name
        labels = {"figure": f"{what} {WHERE[geometry]}"}
        found += [f"{stem}.pdf", report(f"{stem}.png", labels=labels, **look)]
    return found


wildcard_constraints:
    sample="|".join(SAMPLES),
    geometry="|".join(GEOMETRIES),
    shard=r"\d+",
    shards=r"\d+",
    variation=r"[\w-]+",


# On a cluster these run where Snakemake does: seconds each, whatever the survey. So does summarise,
# with few realisations. All other rules are jobs of the cluster. Each local rule takes one `here`, by
# which the cluster's profile limits how many run at once: --local-cores limits only their threads.
localrules:
    plot_footprint,
    plot_sigma_sky,
    plot_sigma_vs_accreted,
    plot_beta_vs_accreted,
    plot_sigma_profile,
    plot_beta_profile,
    plot_synthetic_check,
    plot_asymmetry,
    plot_jeans,
    compare_with_paper,
    write_texts,
    write_paper,
    write_pages,
    summarise_calibration,
    plot_calibration,
    summarise_sensitivity,
    plot_sensitivity,
    fetch,


leave_progress(workflow)


# Not in dry runs, nor in the jobs of a cluster.
onstart:
    try:
        make_ready(workflow.dag.needrun_jobs(), workflow.dag.jobs)
    except UserError as error:
        raise WorkflowError(str(error)) from None


onerror:
    print(failures(workflow), end="", flush=True)
