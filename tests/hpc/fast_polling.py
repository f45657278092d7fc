"""Run snakemake, and look at its cluster jobs twice a second.

The Slurm plugin waits ten seconds more before each look, and has no option for it; a test cannot.
    python fast_polling.py --executor slurm ...      (arguments of snakemake)
"""

import asyncio
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def _half_a_second(self):
    await asyncio.sleep(0.5)


RemoteExecutor.sleep = _half_a_second

if __name__ == "__main__":
    sys.exit(main())
