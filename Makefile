# pytest-f07: make help7 says what there is.

# Environments have fixed names: nothing that a shell exports moves them, or "make clean".
.DEFAULT_GOAL := help7
.PHONY: help test test-pins test-field lint faults chaos fuzz mutants bench demo clean
.NOTPARALLEL:

$(if $(wildcard pytest_f07/commands/f07.mk),,$(error this is not the folder of the Makefile: cd $(dir $(lastword $(MAKEFILE_LIST)))))

# The targets of phase 07 are those that an installed pytest-f07 prints; here, each sets up what it needs first.
F07_PYTHON := .venv/bin/python
include pytest_f07/commands/f07.mk
# Exporting the value, make would look into it.
unexport PACKAGE

variant7 script7-run check7 list7 serve7: .venv/.run
nb7-run: .venv/.notebook
publish7 remove7: .venv/.dvc

define developer.help


For work on pytest-f07 itself:
  make test [COVERAGE=1]      the tests, on the newest versions; COVERAGE: print
                              which branches this process does not take
  make test-pins              the tests, on the pipeline's pinned versions
  make test-field             the tests that need a browser, or environments of
                              their own
  make lint                   ruff, mypy, import-linter
  make faults                 plant faults one at a time and show what catches
                              each; some minutes
  make chaos                  kill runs at many moments, fill the disk, take
                              the port, …; some minutes
  make fuzz                   hostile requests against both HTTP servers; some
                              minutes
  make mutants                change metrics and vectorization line by line:
                              which change does no test see?
  make bench [PACKAGE=folder] how fast the replay is beside the plain way and
                              the models alone; some minutes
  make demo                   make the package executions/06_packaging/v601 anew
  make clean                  remove the environments
PYTHON=python3.12 uses another interpreter for the environment in .venv
endef
f07.help := $(f07.help)$(developer.help)

help: help7

# Two at a time: a test that runs models is several processes itself.
f07.tests := -m pytest -n 2 --dist worksteal --durations=20 -rs

test: .venv/.test
	.venv/bin/python $(f07.tests) $(if $(value COVERAGE),--cov=pytest_f07 --cov-branch --cov-report=term:skip-covered) tests

test-pins: .venv-pins/.test
	.venv-pins/bin/python $(f07.tests) tests

# The report in a browser; and other people's plugins, really installed: the sessions under test run in .venv-field,
# this pytest does not.
test-field: .venv-field/.test
	@sh tools/browser.sh
	.venv/bin/python $(f07.tests) tests/browser tests/field

lint: .venv/.lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

faults: .venv/.test
	@.venv/bin/python tests/proofs/faults.py

chaos: .venv/.test
	@.venv/bin/python tests/proofs/chaos.py

fuzz: .venv/.proof
	@.venv/bin/python tests/proofs/fuzz.py

mutants: .venv/.proof
	@.venv/bin/python tests/proofs/mutants.py

bench: .venv/.run
	@.venv/bin/python -m benchmarks $(if $(value PACKAGE),--package $(call f07.text,PACKAGE))

demo: .venv-pins/.test
	.venv-pins/bin/python tools/make_demo.py

clean:
	rm -rf .venv .venv-pins .venv-field build dist *.egg-info

# Each looks whether its packages are there, and sets up what is missing.
set-up = @PYTHON_ONLY=$(filter command,$(origin PYTHON)) sh tools/environment.sh
.PHONY: .venv/.run .venv/.notebook .venv/.dvc .venv/.test .venv/.lint .venv/.proof .venv-pins/.test

.venv/.run:
	$(set-up) $@ 3.13 waitress

.venv/.notebook:
	$(set-up) $@ 3.13 waitress,notebook

.venv/.dvc:
	$(set-up) $@ 3.13 waitress,dvc

.venv/.test:
	$(set-up) $@ 3.13 waitress,notebook,dvc --group test
	@touch .venv/.run .venv/.notebook .venv/.dvc

.venv/.lint: .venv/.test
	$(set-up) $@ 3.13 waitress --group lint

.venv/.proof: .venv/.test
	$(set-up) $@ 3.13 waitress --group proof

# TensorFlow 2.15 is for no later Python.
.venv-pins/.test:
	$(set-up) $@ 3.11 waitress,notebook,dvc --group test -c tests/pins.txt

# The plugins on top of what .venv has, which is seen through a .pth file: no second TensorFlow.
.venv-field/.test: tests/field/requirements.txt | .venv/.test
	@echo "Installing other people's pytest plugins into .venv-field"
	@rm -rf .venv-field
	@.venv/bin/python -m venv .venv-field
	@.venv/bin/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > \
	  "$$(.venv-field/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/f07-venv.pth"
	@.venv-field/bin/python -m pip install --quiet --disable-pip-version-check -r tests/field/requirements.txt
	@touch $@
