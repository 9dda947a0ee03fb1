# `make demo` runs the main job, `make test` the tests; each first builds what it needs into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ENGINE := $(wildcard pokespiel/game/gen1/engine/*.cpp pokespiel/game/gen1/engine/*.hpp)

.PHONY: demo test install clean

demo: install
	$(BIN)/python examples/demo.py

# Two test processes share the cores: one thread each for linear algebra.
test: export OPENBLAS_NUM_THREADS := 1
test: export OMP_NUM_THREADS := 1
test: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml setup.py constraints.txt $(ENGINE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "pokespiel needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info pokespiel/game/gen1/*.so
