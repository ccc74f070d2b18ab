# Everything here needs Python 3.11 and nothing else: each target sets itself up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
# make run RAW=path/to/csv-files; ARGS are further options of the command that the target runs.
RAW ?=
ARGS ?=

.PHONY: help setup clients run test coverage test-long soak lint fmt zip bench clean clean-data

help: ## List all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv from requirements.lock, with the command .venv/bin/starlift
	@scripts/setup.sh

run: export STARLIFT_CLASS_LIST := $(CURDIR)/.make/classes.lst
run: setup ## Fill the chinook warehouse from sample files, or from RAW=path
ifeq ($(RAW),)
	@raw="$${STARLIFT_HOME:-.starlift}/raw/chinook"
	if [[ -z "$$(ls -A "$$raw" 2>/dev/null)" ]]; then
		rm -rf "$$raw.part"
		mkdir -p "$$(dirname "$$raw")"
		$(BIN)/starlift sample chinook --out "$$raw.part"
		rmdir "$$raw" 2>/dev/null || true
		mv "$$raw.part" "$$raw"
	fi
	$(BIN)/starlift run chinook $(ARGS)
else
	@$(BIN)/starlift run chinook --raw "$(RAW)" $(ARGS)
endif
	$(BIN)/python scripts/archive_classes.py

# Two processes: tests of Spark wait for its driver more than they compute.
test: setup ## Run the fast tests
	@$(BIN)/pytest -n 2 --dist loadfile -m "not long" $(ARGS)

# Counting lines in every process makes the tests a third slower.
coverage: setup ## Run the fast tests and report which lines they reach
	@$(BIN)/pytest -n 2 --dist loadfile -m "not long" --cov --cov-report=term $(ARGS)

clients: setup ## Make .venv-clients from requirements-clients.lock, for tests/clients
	@scripts/setup_clients.sh

# In the order of collection: the files with the fewest tests are those with the slowest.
test-long: setup clients ## Run the tests that take longer
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "long and not soak" $(ARGS)

soak: setup ## Run hours of seeded histories and kills; goes on where it was stopped
	@$(BIN)/python -m tests.soak $(ARGS)
	$(BIN)/pytest -m soak

lint: setup ## Check style and types: ruff, mypy strict
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: setup ## Format the code, and mend what ruff can mend
	@$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

zip: setup ## Write dist/starlift.zip for spark-submit, EMR and Glue
	@$(BIN)/python scripts/build_zip.py

bench: setup ## Measure the steps at 10 M invoice lines; ARGS go to bench/run.py
	@$(BIN)/python bench/run.py $(ARGS)

clean: ## Remove build products and caches; leaves .venv and your data
	@rm -rf dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov spark-warehouse
	find . \( -path ./.venv -o -path ./.git \) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	echo "Build products are removed; .venv and $${STARLIFT_HOME:-.starlift} (raw files, lake, warehouse) are left alone."

clean-data: ## Remove .starlift: sample files, lake, warehouse; asks first (YES=1 does not)
	@if [[ -n "$${STARLIFT_HOME:-}" && "$$(realpath -m "$$STARLIFT_HOME")" != "$$(realpath -m .starlift)" ]]; then
		echo "STARLIFT_HOME is $$STARLIFT_HOME and not .starlift of this folder: remove it by hand." >&2
		exit 2
	fi
	[[ -e .starlift ]] || { echo "There is no .starlift here: nothing to remove."; exit 0; }
	if [[ "$(YES)" != 1 ]]; then
		read -r -p "Remove $$PWD/.starlift with its raw files, lake and warehouse? [y/N] " answer || answer=
		[[ "$$answer" == [yY]* ]] || { echo "Nothing was removed."; exit 1; }
	fi
	rm -rf .starlift
	echo "Removed $$PWD/.starlift."

# Recipes are bash scripts of several lines.
.ONESHELL:
