# Two commands matter: `make lab` opens the lessons, `make test` tests everything.
# `make env` installs alone; a second run is quick because nothing changed.

PYTHON ?= python3
PORT ?= 8888
ARGS ?=
LESSONS ?=
# In a container everybody is root, and JupyterLab then asks for this.
ROOT_ARGS := $(if $(filter 0,$(shell id -u)),--allow-root)
VENV := .venv
BIN := $(VENV)/bin
# Each lane says where its time goes.
PYTEST = $(BIN)/pytest --durations=15
# Half of the tests each, in their order, so that what a file shares is made once; who is done first helps.
TWO_AT_A_TIME = -n 2 --dist worksteal
READY := $(VENV)/.ready

# A machine may forbid .pyc files; without them importing Keras takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
# TensorFlow's log lines say nothing to a learner.
export TF_CPP_MIN_LOG_LEVEL ?= 2

.PHONY: env lab test check shape format notebooks bench bench-lessons bench-curves bench-bias binder-pins picture book assignment slides chromium \
        clean help \
        test-pure test-keras test-notebooks test-browser test-binder nightly hub-test

help:
	@sed -n 's/^# //p' Makefile | head -2; echo 'make check | test | notebooks | book | bench | format | clean'

env: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tlwidgets needs Python 3.11 or later; this is $$($(PYTHON) --version). Try: make env PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/pip || $(MAKE) --no-print-directory $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e '.[cpu,lessons,test]'
	@# The tests need nbgrader; what it adds to JupyterLab is nothing for a learner, and Voila stumbles over it.
	@rm -rf $(VENV)/share/jupyter/labextensions/@jupyter $(VENV)/share/jupyter/labextensions/@jupyter-notebook
	@touch $@

# Debian keeps ensurepip in a package of its own.
$(VENV):
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  echo "Python's venv module is incomplete here; trying to install python3-venv"; \
	  apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } || \
	  { rm -rf $(VENV); echo "Please install it (Debian: sudo apt-get install python3-venv) and run make again."; exit 1; }

lab: env
	$(BIN)/jupyter lab --port=$(PORT) --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(ROOT_ARGS) $(ARGS)

notebooks: env
	$(BIN)/python notebooks/build.py

format: env
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/oxlint --deny-warnings
	$(BIN)/python notebooks/build.py --check
	$(BIN)/pytest -q tests/test_architecture.py tests/test_docs.py

# How large the house is.
shape: env
	@$(BIN)/python -m tests.shape

test: test-pure test-keras test-notebooks test-browser test-binder

# Two tests at a time, each in one thread: two threads each would wait for each other.
test-pure test-keras: export OMP_NUM_THREADS = 1
test-pure test-keras: export TF_NUM_INTRAOP_THREADS = 1
test-pure: env
	$(PYTEST) $(TWO_AT_A_TIME) -m 'not keras and not browser and not binder and not hub' tests
	$(PYTEST) $(TWO_AT_A_TIME) --doctest-modules tlwidgets

test-keras: env
	$(PYTEST) $(TWO_AT_A_TIME) -m keras --ignore=tests/notebooks tests

# Random models, ten times as many as in test-keras.
nightly: export OMP_NUM_THREADS = 1
nightly: export TF_NUM_INTRAOP_THREADS = 1
nightly: env
	TLWIDGETS_FUZZ=2000 $(PYTEST) $(TWO_AT_A_TIME) tests/freezing/test_fuzz.py

# A JupyterHub by the recipe of docs/class.md, in an environment of its own, and two learners in it. Needs npm.
HUB := build/hub
hub-test: env
	$(BIN)/uv venv --quiet --allow-existing $(HUB)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(HUB)/bin/python -e '.[cpu,lessons]' jupyterhub nbgitpuller
	npm install --silent --no-fund --no-audit --prefix $(HUB) configurable-http-proxy
	$(PYTEST) -m hub tests/hub

# Two lessons at a time: a lesson computes mostly in one thread.
# No kernel here knows its notebook, so nothing would be kept; to be sure.
test-notebooks: export TLWIDGETS_PROGRESS = off
test-notebooks: env
	$(PYTEST) -n 2 --maxschedchunk 1 -m keras tests/notebooks

# A learner's claim that does not hold says so; here it is an error.
test-browser: export TLWIDGETS_STRICT_CLAIMS = 1
test-browser: env chromium
	$(PYTEST) -m browser tests/browser

test-binder: env
	$(PYTEST) -m binder tests/binder

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "no chromium here; trying to install it"; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
	  echo "could not install chromium: the browser tests will say so"

# Exact versions for Binder, after a change of pyproject.toml.
binder-pins: env
	binder/pin.sh

# The course as pages, each lesson run: build/book/index.html. LESSONS="00 03" makes a part of it, LESSONS=none
# the reference alone.
book: env
	$(BIN)/python -m docs.book --lessons $(LESSONS)

# Lessons to be graded by nbgrader, in build/assignment: make assignment LESSONS="02 03".
assignment: env
	$(BIN)/python -m notebooks.assignment --lessons $(LESSONS)

# Slides of lessons, each run: build/slides. make slides LESSONS="02".
slides: env
	$(BIN)/python -m docs.slides --lessons $(LESSONS)

# The pictures of the README, and the moving ones.
picture: env chromium
	$(BIN)/python -m docs.picture
	$(BIN)/python -m docs.film

bench: bench-lessons bench-curves bench-bias

bench-lessons: env
	$(BIN)/python -m benchmarks.lessons

# Against livelossplot, which only this needs.
bench-curves: env
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e '.[bench]'
	$(BIN)/python -m benchmarks.curves

# Density ratios against skada, adapt and densratio, which only this needs; on one thread.
bench-bias: env
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e '.[bench]'
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.density_ratios
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.bias

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
