# make paper   environment, then the default run: every figure and number
# make report  the default run, then its report, one page: results/report.html; with the calibration
#              of the error bars where `snakemake calibration` has been run
# make test    environment, then linters and tests, in two processes
# make coverage
#              the same, and the lines and branches of scripts/ that no test reaches; longer
# make test-install
#              the locked lists with the oldest pip that a supported Python brings, with Debian 12's
#              and with the newest one
# make mutants environment, then wrong lines in selections and estimators, and the test that notices each
# make test-surveys
#              environment, then whole surveys: synthetic ones with and without the paper's result, and
#              real stars
# make test-faults
#              environment, then runs that are killed, or find a full disk or damaged files
# make bench   environment, then the benchmark of the measurement
# make test-slurm
#              an environment of its own in .venv-hpc, then the workflow on a real Slurm, which the
#              tests start and stop; needs root and Debian (it installs tests/hpc/packages.txt)
# make test-latex
#              environment, then LaTeX on the macros and tables of a run; as root on Debian it installs
#              tests/latex/packages.txt, some 300 MB
#
# Needs only make and Python 3.11 to 3.13 with venv. The plain commands behind each target are in
# the README and in docs/.

PYTHON ?= python3
CORES ?= all
VENV ?= .venv
BIN := $(VENV)/bin
HPC_VENV ?= .venv-hpc
HPC_BIN := $(HPC_VENV)/bin

# A user's own modules and backend are for other work.
unexport PYTHONPATH MPLBACKEND MATPLOTLIBRC

# Of Snakemake's words, how far along it is and what failed; QUIET= gives all.
QUIET ?= --quiet rules reason host

.PHONY: paper report test coverage test-install mutants test-surveys test-faults test-slurm test-latex lint bench lock clean

paper: $(VENV)/run.installed
	$(BIN)/snakemake --cores $(CORES) $(QUIET)

# One page with every figure and table in it; it is made, and opens, without a network.
report: paper
	$(BIN)/snakemake all $(if $(wildcard results/calibration_advice.rst),calibration) \
	    $(if $(wildcard results/sensitivity.rst),sensitivity) --report results/report.html

test: lint
	$(BIN)/pytest tests --numprocesses=2

coverage: lint
	$(BIN)/pytest tests --numprocesses=2 --cov

# Each pip in an environment of its own, two at a time. Nothing is unpacked: every list is resolved,
# by its hashes, alone, as an extra missing from one of them would hide behind the others'.
PIPS := 22.3 23.0.1 newest
LISTS := envs/requirements.txt envs/requirements-dev.txt envs/requirements-hpc.txt
test-install:
	+$(MAKE) --no-print-directory --jobs=2 $(PIPS:%=test-install-%)

test-install-%:
	rm -rf .venv-pip-$* && $(PYTHON) -m venv .venv-pip-$*
	.venv-pip-$*/bin/python -m pip install --quiet --disable-pip-version-check --upgrade \
	    $(if $(filter newest,$*),pip,pip==$*)
	.venv-pip-$*/bin/python -m pip --version
	for list in $(LISTS); do .venv-pip-$*/bin/python $(INSTALL) --dry-run -r $$list || exit 1; done
	rm -rf .venv-pip-$*

mutants: $(VENV)/dev.installed
	$(BIN)/pytest tests/mutations

test-surveys: $(VENV)/dev.installed
	$(BIN)/pytest tests/surveys --numprocesses=2

# Some minutes; as root also with disks of its own.
test-faults: $(VENV)/dev.installed
	$(BIN)/pytest tests/faults --numprocesses=2

test-slurm: $(HPC_VENV)/hpc.installed
	sh tests/install_packages.sh tests/hpc/packages.txt
	$(HPC_BIN)/pytest tests/hpc

test-latex: $(VENV)/dev.installed
	sh tests/install_packages.sh tests/latex/packages.txt
	$(BIN)/pytest tests/latex

# Time and memory of the measurement beside a notebook's way; some minutes, 2.5 GB of disk.
bench: $(VENV)/run.installed
	mkdir -p results
	$(BIN)/python benchmarks/engine.py --output results/benchmark_engine

lint: $(VENV)/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/bandit --quiet --recursive scripts benchmarks

%/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "icefire needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Say which one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $*

# Hash-checked installs
INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes

$(VENV)/run.installed: envs/requirements.txt | $(BIN)/python
	$(BIN)/python $(INSTALL) -r envs/requirements.txt
	touch $@

# This list holds everything of the other one, which need not be installed before it.
$(VENV)/dev.installed: envs/requirements-dev.txt envs/requirements.txt | $(BIN)/python
	$(BIN)/python $(INSTALL) -r envs/requirements-dev.txt
	touch $(VENV)/run.installed $@

# The plugin for Slurm looks for Slurm at each start of Snakemake, so it is kept out of the other one.
$(HPC_VENV)/hpc.installed: envs/requirements-hpc.txt envs/requirements-dev.txt | $(HPC_BIN)/python
	$(HPC_BIN)/python $(INSTALL) -r envs/requirements-dev.txt -r envs/requirements-hpc.txt
	touch $@

# Pin anew from the short lists; needs uv. Python 3.11 to 3.13, hashes, no addresses, and extras
# kept: without them a newer release of what another package asks for with an extra breaks a list.
lock:
	cd envs && for list in requirements requirements-dev requirements-hpc; do \
	    uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --no-header --no-strip-extras $$list.in -o $$list.txt || exit 1; \
	done

# Everything made by a run; the environment stays.
clean:
	rm -rf results figures comparisons .snakemake .coverage
