# Every target makes what it needs: `make extract` and `make test` work as the first command on a fresh clone.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
RAW ?= data/raw
OUT ?= data/processed
JOBS ?= 1
PEERS ?= ../peers
# Compiled once, and not beside the sources: a night without news would compile for longer than it works.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/.venv/pycache

.DEFAULT_GOAL := help
.PHONY: help extract ingest test evaluate cross-validate learning-curve compare train notebooks peers bench lint lock gazetteer clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

extract: .venv/.ready ## Read the reports in RAW (data/raw) and write tables to OUT (data/processed)
	$(BIN)/python -m pipeline extract --raw $(RAW) --out $(OUT) --jobs $(JOBS)

ingest: .venv/.ready ## Read only what is new or changed in RAW; for schedulers
	$(BIN)/python -m pipeline ingest --raw $(RAW) --out $(OUT) --jobs $(JOBS)

test: .venv/.ready ## Run all tests
	$(BIN)/python -m pytest

evaluate: .venv/.ready ## Score the code against the annotated reports in tests/gold
	$(BIN)/python -m pipeline evaluate

cross-validate: .venv/.ready ## The same with topic weights fitted without the report they are scored on
	$(BIN)/python -m pipeline evaluate --cross-validate

learning-curve: .venv/.ready ## What is learned from how many annotated reports; half an hour
	$(BIN)/python -m pipeline evaluate --learning-curve

compare: .venv/.ready ## Gains and losses since BASE (a commit; default HEAD)
	$(BIN)/python -m pipeline compare $(or $(BASE),HEAD)

train: .venv/.ready ## Fit the topic weights to tests/gold
	$(BIN)/python -m pipeline train

notebooks: .venv/.ready ## Execute the notebooks on data/raw and store them with their outputs
	$(BIN)/python -m pipeline extract --quiet --raw data/raw --out data/processed
	$(BIN)/python notebooks/execute.py notebooks/01_first_look.py

peers: .venv/.ready ## Read other projects' test data for numbers in PEERS, beside their own scores
	$(BIN)/python -m pipeline peers $(PEERS)

bench: .venv/.ready ## Speed of the chain on one core, beside a bare regex pass
	$(BIN)/python -m pipeline bench

lint: .venv/.ready ## ruff, mypy and the examples of the rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pipeline rules check

lock: .venv/.ready ## Compile requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --all-extras \
		--python-version 3.11 --output-file requirements.lock pyproject.toml

gazetteer: .venv/.ready ## Rebuild the codes of places in pipeline/places from the packages pinned in tools/gazetteer.txt
	$(BIN)/python tools/build_gazetteer.py

clean: ## Remove .venv and caches
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis

# uv from inside the venv installs in seconds; pip does the same where uv does not run.
.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "cunbao needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "setting up .venv, once" >&2
	@$(PYTHON) -m venv --clear .venv || \
		{ echo "python3 -m venv failed: install the package python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		"$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements.lock)" || true
	@{ $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
