# Shared by all rules.
#
# Where files go: <results>, <figures>, <logs> and <benchmarks> are set in the Snakefile from the
# run's name. code(step) lists a step's script and the modules of ours that it imports.
# flag(name, key) writes the configuration's value at key as a whole flag. second(*files) names files
# of the second uncertainty method, none where there is no such method.

from icefire.workflow import Flags, make_ready, second_files

flag = Flags(config)
second = second_files(config)


wildcard_constraints:
    sample="|".join(SAMPLES),
    geometry="|".join(GEOMETRIES),
    shard=r"\d+",
    shards=r"\d+",


# Not in dry runs, nor in the jobs of a cluster.
onstart:
    try:
        make_ready(workflow.dag.needrun_jobs(), workflow.dag.jobs)
    except UserError as error:
        raise WorkflowError(str(error)) from None
