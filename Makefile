# `make demo` runs the main job, `make test` the tests, `make mutants` the tests of the tests; each first installs what it
# needs into .venv, at the versions in constraints.txt. Packages of others come as wheels; the one thing that is compiled
# is the engine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --only-binary :all: --constraint constraints.txt
ENGINE := $(wildcard pokespiel/game/gen1/engine/*.[ch]pp)

.PHONY: demo test browser docs mutants install clean

demo: install
	$(BIN)/python examples/demo.py

# Two test processes share the cores: one thread each for linear algebra.
test: export OPENBLAS_NUM_THREADS := 1
test: export OMP_NUM_THREADS := 1
test: $(VENV)/.tests browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2

# Pages are tried in Chromium: Debian's, where it is missing and one may install it; without one those tests are skipped.
browser:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome || test "$$(id -u)" != 0 || \
	    { apt-get update && apt-get install -y --no-install-recommends chromium; }; } >/dev/null || \
	    echo "Chromium could not be installed: tests of pages in a browser are skipped" >&2

# The documents as a site, in build/site; a warning is an error.
docs: $(VENV)/.tests
	$(BIN)/python docs/build_site.py build/site

# Faults are planted one by one in a copy of the package, and tests must fail; see tests/mutants/run.py.
mutants: $(VENV)/.tests
	$(BIN)/python tests/mutants/run.py

install: $(VENV)/.package

$(VENV)/.package: pyproject.toml constraints.txt | $(VENV)/.engine
	$(PIP) --no-build-isolation --editable .
	touch $@

$(VENV)/.tests: pyproject.toml constraints.txt | $(VENV)/.engine
	$(PIP) --no-build-isolation --editable '.[test]'
	touch $(VENV)/.package $@

# First, since it fails at once where a compiler or Python's headers are missing.
$(VENV)/.engine: setup.py $(ENGINE) | $(VENV)/.build
	$(BIN)/python setup.py --quiet build_ext --inplace
	touch $@

$(VENV)/.build: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "pokespiel needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(PIP) setuptools pybind11
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info pokespiel/game/gen1/*.so
