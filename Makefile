# Each target sets up what it needs on a fresh machine: Python 3.11 or newer, make, and a package registry once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test check fix docs bench soak clean

run: $(VENV)/.run ## poll and serve the shipped feeds.yaml on http://127.0.0.1:8400/
	$(BIN)/heliograph run

test: $(VENV)/.dev $(VENV)/.nginx ## every test, in as many processes as there are cores and two more: many tests wait
	$(BIN)/python -m pytest --numprocesses $$($(BIN)/python -c 'import os; print(min(8, (os.cpu_count() or 1) + 2))')

check: $(VENV)/.dev ## the gate: lint, format, types, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(MAKE) test

fix: $(VENV)/.dev ## the repair: what a machine can mend of lint and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev ## write docs/protocols.md: which numbered behaviours have tests
	$(BIN)/python -m tests.coverage_of_protocols

bench: $(VENV)/.bench $(VENV)/.nginx ## measure beside the peers; rewrites the figures in docs/benchmarks.md
	$(BIN)/python -m benchmarks

clean: ## remove what the other targets made, never data/
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: pyproject.toml constraints.txt hatch_build.py feeds/nativexml.pyx
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Heliograph needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) hatchling editables cython setuptools
	$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) --no-build-isolation --editable '.[bench]'
	@touch $@

$(VENV)/.nginx: scripts/get_servers.py | $(VENV)/.run ## nginx and Caddy, which tests put before published files
	$(BIN)/python scripts/get_servers.py $(VENV)/servers
	@touch $@

soak: $(VENV)/.dev ## the long chaos runs: sudden deaths, a full disk, a restarted PostgreSQL (a quarter of an hour)
	$(BIN)/python -m tests.soak
