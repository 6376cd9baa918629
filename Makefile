# pytest-f07: make help7 says what there is.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PINS := .venv-pins
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help7
.PHONY: help7 variant7 script7-run test test-pins lint faults chaos fuzz mutants bench demo clean

# A value as one word for the shell, which neither make nor the shell looks into.
text = '$(subst ','\'',$(value $(1)))'
unexport VARIANT PARENT BATCH_SIZE HOST PORT COMPARE PACKAGE

# Overrides count only on make's command line: shells set HOST in the environment.
given = $(if $(filter command,$(firstword $(origin $(1)))),--$(2) $(call text,$(1)))
need = $(if $(value $(1)),,$(error $(1) is missing: make $@ $(2)))

help7:
	@echo "make variant7 VARIANT=v702 PARENT=v601 [BATCH_SIZE= HOST= PORT=]"
	@echo "                              declare a variant of an F06 package: params.yaml, manifest.json, registry entry"
	@echo "make script7-run VARIANT=v701 [COMPARE=v700]"
	@echo "                              validate it: server, replay, logs, metrics, figures, report, metadata;"
	@echo "                              COMPARE tells in the report what changed since that variant's run"
	@echo "make test                     the tests, on the newest versions"
	@echo "make test-pins                the tests, on the pipeline's pinned versions"
	@echo "make lint                     ruff, mypy, import-linter"
	@echo "make faults                   plant faults one at a time and show what catches each; some minutes"
	@echo "make chaos                    kill runs at many moments, fill the disk, take the port, …; some minutes"
	@echo "make fuzz                     hostile requests against both HTTP servers; some minutes"
	@echo "make mutants                  change metrics and vectorization line by line: which change does no test see?"
	@echo "make bench [PACKAGE=folder]   how fast the replay is beside the plain way and the models alone; some minutes"
	@echo "make demo                     make the demo package executions/06_packaging/v601 again"
	@echo "PYTHON=python3.12 uses another interpreter for the environment in $(VENV)"

variant7: $(VENV)/.run
	$(call need,VARIANT,VARIANT=v702 PARENT=v601)$(call need,PARENT,VARIANT=v702 PARENT=v601)
	@$(RUN) -m pytest_f07 variant7 --variant $(call text,VARIANT) --parent $(call text,PARENT) \
	  $(call given,BATCH_SIZE,batch-size) $(call given,HOST,host) $(call given,PORT,port)

# This repository's own tests make warnings errors; a run does not.
script7-run: $(VENV)/.run
	$(call need,VARIANT,VARIANT=v701)
	@$(RUN) -m pytest --f07-variant=$(call text,VARIANT) $(call given,COMPARE,f07-compare) -W default

test: $(VENV)/.test
	$(RUN) -m pytest tests

test-pins: $(PINS)/.test
	$(PINS)/bin/python -m pytest tests

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

faults: $(VENV)/.test
	@$(RUN) tests/faults.py

chaos: $(VENV)/.test
	@$(RUN) tests/chaos.py

fuzz: $(VENV)/.proof
	@$(RUN) tests/fuzz.py

mutants: $(VENV)/.proof
	@$(RUN) tests/mutants.py

bench: $(VENV)/.run
	@$(RUN) -m benchmarks $(if $(value PACKAGE),--package $(call text,PACKAGE))

demo: $(PINS)/.test
	$(PINS)/bin/python tools/make_demo.py

clean:
	rm -rf $(VENV) $(PINS) build dist *.egg-info

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

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	@echo "Installing pytest-f07 and what its tests need into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[waitress,test]'
	@touch $@ $(VENV)/.run

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
