# pytest-f07: make help7 says what there is.

# Environments have fixed names: nothing that a shell exports moves them, or "make clean".
.DEFAULT_GOAL := help7
.PHONY: help test test-pins test-field lint faults chaos fuzz mutants bench demo zoo clean
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
  make test                   the tests, on the newest versions
  make test-pins              the tests, on the pipeline's pinned versions
  make test-field             the tests that need environments of their own
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
  make zoo                    make tests/golden anew, with five versions of
                              Keras; 6 GB, half an hour
  make clean                  remove the environments
PYTHON=python3.12 uses another interpreter for the environment in .venv
endef
f07.help := $(f07.help)$(developer.help)

help: help7

# Two at a time: a test that runs models is several processes itself.
test: .venv/.test
	.venv/bin/python -m pytest $(test.options)

test-pins: .venv-pins/.test
	.venv-pins/bin/python -m pytest $(test.options)

test.options := -n 2 --dist worksteal --durations=20 -rs tests --ignore tests/browser

# Other people's plugins, really installed; the session under test runs in .venv-field, this pytest does not.
# The report is looked at in a browser.
test-field: .venv-field/.test
	@sh tools/browser.sh
	.venv/bin/python -m pytest -rs tests/field tests/browser

lint: .venv/.lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

faults: .venv/.test
	@.venv/bin/python -m tests.proofs.faults

chaos: .venv/.test
	@.venv/bin/python -m tests.proofs.chaos

fuzz: .venv/.proof
	@.venv/bin/python -m tests.proofs.fuzz

mutants: .venv/.proof
	@.venv/bin/python -m tests.proofs.mutants

bench: .venv/.run
	@.venv/bin/python -m benchmarks $(if $(value PACKAGE),--package $(call f07.text,PACKAGE))

demo: .venv-pins/.test
	.venv-pins/bin/python tools/make_demo.py

# The golden models of the Keras versions between the pins and the newest each need an environment of 2 GB.
ZOO := 3.0.5 3.3.3 3.6.0

zoo: .venv/.test .venv-pins/.test $(ZOO:%=.venv-keras-%/.zoo)
	for version in $(ZOO); do .venv-keras-$$version/bin/python tools/make_zoo.py tests/golden/keras-$$version.zip || exit; done
	.venv-pins/bin/python tools/make_zoo.py tests/golden/keras-2.15.0.zip
	.venv/bin/python tools/make_zoo.py tests/golden/keras-3.15.1.zip

.venv-keras-%/.zoo:
	.venv-pins/bin/python -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet tensorflow-cpu==2.16.2 keras==$*
	touch $@

clean:
	rm -rf .venv .venv-pins .venv-field .venv-keras-* build dist *.egg-info

# Each looks whether its packages are there, and sets up what is missing.
set-up = @PYTHON_ONLY=$(filter command,$(origin PYTHON)) sh tools/environment.sh
.PHONY: .venv/.run .venv/.notebook .venv/.dvc .venv/.test .venv/.lint .venv/.proof .venv-pins/.test

.venv/.run:
	$(set-up) $@ 3.13 waitress none

.venv/.notebook:
	$(set-up) $@ 3.13 waitress,notebook none

.venv/.dvc:
	$(set-up) $@ 3.13 waitress,dvc none

.venv/.test:
	$(set-up) $@ 3.13 waitress,notebook,dvc test
	@touch .venv/.run .venv/.notebook .venv/.dvc

.venv/.lint: .venv/.test
	$(set-up) $@ 3.13 waitress,notebook,dvc test,lint

.venv/.proof: .venv/.test
	$(set-up) $@ 3.13 waitress,notebook,dvc test,proof

# TensorFlow 2.15 is for no later Python.
.venv-pins/.test:
	$(set-up) $@ 3.11 waitress,notebook,dvc test -c tests/pins.txt

# The plugins on top of what .venv has, which is seen through a .pth file: no second TensorFlow.
.venv-field/.test: tests/field/requirements.txt | .venv/.test
	@echo "Installing other people's pytest plugins into .venv-field"
	@rm -rf .venv-field
	@.venv/bin/python -m venv .venv-field
	@.venv/bin/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > \
	  "$$(.venv-field/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/f07-venv.pth"
	@.venv-field/bin/python -m pip install --quiet --disable-pip-version-check -r tests/field/requirements.txt
	@touch $@
