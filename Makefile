# pytest-f07: make help7 says what there is.

# Environments have fixed names: nothing that a shell exports moves them, or "make clean".
.DEFAULT_GOAL := help7
.PHONY: help test test-pins test-field test-cluster test-servers lint faults chaos fuzz mutants bench demo picture zoo clean
.NOTPARALLEL:

$(if $(wildcard pytest_f07/commands/f07.mk),,$(error this is not the folder of the Makefile: cd $(dir $(lastword $(MAKEFILE_LIST)))))

# The targets of phase 07 are those that an installed pytest-f07 prints; here, each sets up what it needs first.
F07_PYTHON := .venv/bin/python
include pytest_f07/commands/f07.mk
# Exporting the value, make would look into it.
unexport PACKAGE

variant7 script7-run check7 list7 history7 explain7 serve7: .venv/.run
nb7-run: .venv/.notebook
publish7 remove7: .venv/.dvc

define developer.help


For work on pytest-f07 itself:
  make test                   the tests, on the newest versions
  make test-pins              the tests, on the pipeline's pinned versions
  make test-field             the tests that need environments of their own
  make test-cluster           the tests of runs over several workers
  make test-servers           the tests that need real model servers: KServe,
                              MLServer, MLflow, Triton
  make lint                   ruff, mypy, import-linter
  make faults                 plant faults one at a time and show what catches
                              each; some minutes
  make chaos                  kill runs at many moments, fill the disk, take
                              the port, …; some minutes
  make fuzz                   hostile requests against both HTTP servers; some
                              minutes
  make mutants                change metrics and vectorization line by line:
                              which change does no test see?
  make bench [PACKAGE=folder] [PROTOCOLS=1] [PEERS=1]
                              how fast runs and replays are, beside a bare
                              import of TensorFlow, the plain way and the models
                              alone; ten minutes. PROTOCOLS: only other servers'
                              protocols beside ours, those of make test-servers;
                              PEERS: only MLflow and BentoML, which it installs
  make demo                   make the package executions/06_packaging/v601 anew
  make picture                take the picture of the report that README shows
  make zoo                    make tests/golden anew, with five versions of
                              Keras; 6 GB, half an hour
  make clean                  remove the environments
PYTHON=python3.12 uses another interpreter for the environment in .venv
endef
f07.help := $(f07.help)$(developer.help)

help: help7

# Two at a time: a test that runs models is several processes itself. Branches are counted in these two alone, not in the
# processes that they start.
test: .venv/.test
	.venv/bin/python -m pytest $(test.options) --cov --cov-report=term:skip-covered --cov-fail-under=76

# Git, DVC, make and pytest are the same on both: what is slow and asks no more than them is left out (any_version).
test-pins: .venv-pins/.test
	.venv-pins/bin/python -m pytest $(test.options) -m "not any_version"

test.options := -n 2 --dist worksteal --durations=20 -rs tests --ignore tests/browser

# Other people's plugins, really installed; the session under test runs in .venv-field, this pytest does not.
# The golden models of five versions of Keras are loaded on both ends. The report is looked at in a browser.
test-field: .venv-field/.test .venv-pins/.test
	@sh tools/browser.sh
	.venv/bin/python -m pytest $(field.options) tests/field tests/browser

# A file stays in one process, and so does what shares a server (tests/servers/conftest.py).
field.options := -n 2 --dist loadscope --durations=20 -rs

# Dozens of processes each, so one test at a time; on the pins, whether the bytes are those of one machine.
test-cluster: .venv/.test .venv-pins/.test
	.venv/bin/python -m pytest -rs --durations=10 tests/cluster
	.venv-pins/bin/python -m pytest -rs tests/cluster -k same_bytes

# Triton's only wheel runs in no other Python than Debian's own; elsewhere its tests are skipped, and say so.
triton.python := /usr/bin/python3.11

test-servers: .venv-kserve/.made .venv-mlserver/.made .venv-mlflow/.made
test-servers: $(if $(wildcard $(triton.python)),.venv-triton/.made)
	.venv/bin/python -m pytest $(field.options) tests/servers

lint: .venv/.lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

faults: .venv/.test
	@.venv/bin/python -m tests.proofs.faults

chaos: .venv/.test
	@.venv/bin/python -m tests.proofs.chaos
	@.venv/bin/python -m pytest -v tests/cluster/test_faults.py tests/cluster/test_hosts.py

fuzz: .venv/.proof
	@.venv/bin/python -m tests.proofs.fuzz

mutants: .venv/.proof
	@.venv/bin/python -m tests.proofs.mutants

bench.peers := $(filter-out 0,$(value PEERS))

bench: .venv/.run $(if $(bench.peers),.venv-mlflow/.made .venv-bentoml/.made)
	@.venv/bin/python -m benchmarks $(if $(value PACKAGE),--package $(call f07.text,PACKAGE)) \
	  $(if $(filter-out 0,$(value PROTOCOLS)),--protocols) $(if $(bench.peers),--peers)

demo: .venv-pins/.test
	.venv-pins/bin/python tools/make_demo.py

picture: .venv/.test
	@sh tools/browser.sh
	.venv/bin/python tools/make_picture.py

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
	rm -rf .venv .venv-pins .venv-field $(servers:%=.venv-%) .venv-keras-* build dist *.egg-info

# Each looks whether its packages are there, and sets up what is missing.
set-up = @PYTHON_ONLY=$(filter command,$(origin PYTHON)) sh tools/environment.sh
.PHONY: .venv/.run .venv/.notebook .venv/.dvc .venv/.test .venv/.lint .venv/.proof .venv-pins/.test

.venv/.run:
	$(set-up) $@ 3.13 waitress,dask none

.venv/.notebook:
	$(set-up) $@ 3.13 waitress,notebook none

.venv/.dvc:
	$(set-up) $@ 3.13 waitress,dvc none

.venv/.test:
	$(set-up) $@ 3.13 waitress,notebook,dvc,dask test
	@touch .venv/.run .venv/.notebook .venv/.dvc

.venv/.lint: .venv/.test
	$(set-up) $@ 3.13 waitress,notebook,dvc,dask test,lint

.venv/.proof: .venv/.test
	$(set-up) $@ 3.13 waitress,notebook,dvc,dask test,proof

# TensorFlow 2.15 is for no later Python.
.venv-pins/.test:
	$(set-up) $@ 3.11 waitress,notebook,dvc,dask test -c tests/pins.txt

# On top of what another environment has, which is seen through a .pth file: no second TensorFlow.
# $(call layer,interpreter,the environment below,requirements)
define layer
@echo "Installing $(3) into $(@D)"
@rm -rf $(@D)
@$(1) -m venv --without-pip $(@D)
@$(2)/bin/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > \
  "$$($(@D)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/f07-venv.pth"
@.venv/bin/python -m pip --python $(@D)/bin/python install --quiet --disable-pip-version-check -r $(3)
@touch $@
endef

.venv-field/.test: tests/field/requirements.txt | .venv/.test
	$(call layer,.venv/bin/python,.venv,$<)

servers := kserve mlserver mlflow bentoml triton

.venv-kserve/.made .venv-mlserver/.made .venv-mlflow/.made .venv-bentoml/.made: .venv-%/.made: tests/servers/requirements/%.txt | .venv/.test
	$(call layer,.venv/bin/python,.venv,$<)

# It wants numpy 1, and a Python 3.11: what the pins have.
.venv-triton/.made: tests/servers/requirements/triton.txt | .venv/.test .venv-pins/.test
	$(call layer,$(triton.python),.venv-pins,$<)
