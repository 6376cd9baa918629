# pytest-f07: make help7 says what there is.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PINS := .venv-pins
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help7
.PHONY: help test test-pins lint faults chaos fuzz mutants bench demo zoo clean

# The targets of phase 07 are those that an installed pytest-f07 prints; here, each sets up what it needs first.
F07_PYTHON := $(RUN)
include pytest_f07/commands/f07.mk
# Exporting a value, make would look into it.
unexport VARIANT PARENT BATCH_SIZE HOST PORT COMPARE ALLOW_FAILED PACKAGE

variant7 script7-run check7 list7 serve7: $(VENV)/.run
nb7-run: $(VENV)/.notebook
publish7 remove7: $(VENV)/.dvc

help7: help

help:
	@echo "make test                     the tests, on the newest versions"
	@echo "make test-pins                the tests, on the pipeline's pinned versions"
	@echo "make lint                     ruff, mypy, import-linter"
	@echo "make faults                   plant faults one at a time and show what catches each; some minutes"
	@echo "make chaos                    kill runs at many moments, fill the disk, take the port, …; some minutes"
	@echo "make fuzz                     hostile requests against both HTTP servers; some minutes"
	@echo "make mutants                  change metrics and vectorization line by line: which change does no test see?"
	@echo "make bench [PACKAGE=folder]   how fast the replay is beside the plain way and the models alone; some minutes"
	@echo "make demo                     make the demo package executions/06_packaging/v601 again"
	@echo "make zoo                      make tests/golden again, with five versions of Keras; 6 GB, half an hour"
	@echo "PYTHON=python3.12 uses another interpreter for the environment in $(VENV)"

# Two at a time: a test that runs models is several processes itself.
test: $(VENV)/.test
	$(RUN) -m pytest -n 2 tests

test-pins: $(PINS)/.test
	$(PINS)/bin/python -m pytest -n 2 tests

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

faults: $(VENV)/.test
	@$(RUN) tests/proofs/faults.py

chaos: $(VENV)/.test
	@$(RUN) tests/proofs/chaos.py

fuzz: $(VENV)/.proof
	@$(RUN) tests/proofs/fuzz.py

mutants: $(VENV)/.proof
	@$(RUN) tests/proofs/mutants.py

bench: $(VENV)/.run
	@$(RUN) -m benchmarks $(if $(value PACKAGE),--package $(call f07_text,PACKAGE))

demo: $(PINS)/.test
	$(PINS)/bin/python tools/make_demo.py

# The golden models of the Keras versions between the pins and the newest each need an environment of 2 GB.
ZOO := 3.0.5 3.3.3 3.6.0

zoo: $(VENV)/.test $(PINS)/.test $(ZOO:%=.venv-keras-%/.zoo)
	for version in $(ZOO); do .venv-keras-$$version/bin/python tools/make_zoo.py tests/golden/keras-$$version.zip || exit; done
	$(PINS)/bin/python tools/make_zoo.py tests/golden/keras-2.15.0.zip
	$(RUN) tools/make_zoo.py tests/golden/keras-3.15.1.zip

.venv-keras-%/.zoo:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet tensorflow-cpu==2.16.2 keras==$*
	touch $@

clean:
	rm -rf $(VENV) $(PINS) .venv-keras-* build dist *.egg-info

# One stamp for each set of packages, made anew when pyproject.toml changes.
$(VENV)/bin/python:
	@echo "Setting up $(VENV) with $(PYTHON), once; TensorFlow is large, this takes some minutes."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ERROR: $(PYTHON) is older than Python 3.11; name another: make PYTHON=python3.11 …" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	@echo "Installing pytest-f07 and waitress into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress]'
	@touch $@

$(VENV)/.notebook: pyproject.toml | $(VENV)/.run
	@echo "Installing Jupyter into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress,notebook]'
	@touch $@

$(VENV)/.dvc: pyproject.toml | $(VENV)/.run
	@echo "Installing DVC into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress,dvc]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@echo "Installing pytest-f07 and what its tests need into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress,test]'
	@touch $@ $(VENV)/.run $(VENV)/.notebook $(VENV)/.dvc

$(VENV)/.lint: pyproject.toml | $(VENV)/.test
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress,test,lint]'
	@touch $@

$(VENV)/.proof: pyproject.toml | $(VENV)/.test
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress,test,proof]'
	@touch $@

$(PINS)/.test: pyproject.toml tests/pins.txt
	@echo "Setting up $(PINS) with the pipeline's pinned versions"
	@$(PYTHON) -m venv $(PINS)
	@$(PINS)/bin/python -m pip install --quiet --disable-pip-version-check -c tests/pins.txt -e '.[waitress,test]'
	@touch $@
