# Everything a newcomer needs. `make help` lists it; nothing has to be installed first but git, make and Python 3.11+.
SHELL := /bin/bash
# Modules in the order they stand, one to each core: the homes a module builds are built once, whole runs begin early.
PYTEST = $(BIN)/python -m pytest -q -rs -n auto --dist loadscope --no-loadscope-reorder
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
WORLD ?= .demo
LEADS ?= 20000
SEED ?= 7
SIZE ?= 1m
PAIRS ?= 3
PORT ?= 3000
EDIT ?=
export HANDOFF_HOME ?= $(CURDIR)/.handoff

# Nothing here reports usage to anybody.
export DO_NOT_TRACK := 1
export SE_AVOID_STATS := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export OMP_NUM_THREADS ?= 1

.PHONY: help setup run ui test lint types nightly bench bench-criteria bench-intake bench-models bench-routes \
	bench-routing bench-writeback lock format clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY)  ## make the environment in .venv from the hashed lock, and parse the dbt project
	@$(BIN)/python -m orchestration.dbt_compiled

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@echo "making .venv (once; a few minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --no-deps --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(WORLD)/world.json: | setup
	@echo "making a clinic world of $(LEADS) leads, seed $(SEED), in $(WORLD)"
	@rm -rf $(WORLD).part
	@$(BIN)/handoff world build --leads $(LEADS) --seed $(SEED) --out $(WORLD).part > /dev/null
	@rm -rf $(WORLD) && mv $(WORLD).part $(WORLD)

run: setup $(WORLD)/world.json  ## from nothing to scores in a CRM, on the demo's clinic world
	@$(BIN)/handoff run --sources $(WORLD)/sources.yaml --seed $(SEED) \
		--as-of "$$($(BIN)/python -c 'import json, sys; print(json.load(open(sys.argv[1]))["as_of"])' $(WORLD)/world.json)"
	@echo "look next: make ui, README.md for the first query, handoff run --help for your own data"

ui: setup  ## open Dagster on loopback, read-only; EDIT=1 lets an engineer materialize
	@HANDOFF_SOURCES="$${HANDOFF_SOURCES:-$(CURDIR)/$(WORLD)/sources.yaml}" \
		$(BIN)/handoff ui --port $(PORT) $(if $(EDIT),--edit)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models
	$(BIN)/yamllint --strict .

types: setup
	$(BIN)/mypy

test:  ## all that CI runs: linters, types, tests
	@$(MAKE) --no-print-directory -j2 lint types
	$(PYTEST) -m "not nightly"

nightly: setup  ## the long tests as well
	$(PYTEST)

format: setup  ## let ruff format Python
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup  ## measure beside the bare engine, SIZE=1m or 10m, into docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.bench --size $(SIZE) --pairs $(PAIRS) --out docs/benchmarks.md

bench-criteria: setup  ## measure what deciding by the criteria costs, into docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.qualification --out docs/benchmarks.md

bench-routes: setup  ## measure what routing 10,000 leads costs, into docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.routing --out docs/benchmarks.md

bench-models: setup  ## measure readiness beside the plain ways on public data, into docs/readiness.md
	$(BIN)/python -m tests.benchmarks.models --out docs/readiness.md

bench-writeback: setup  ## measure proved writes beside a bare bulk update of the same rows on PostgreSQL
	$(BIN)/python -m tests.benchmarks.writeback --pairs $(PAIRS)

bench-routing: setup  ## play routing by readiness against the clinic world, into docs/routing-played.md
	$(BIN)/python -m tests.benchmarks.desk --out docs/routing-played.md

bench-intake: setup  ## measure from landing to the acknowledged write, after 100,000 leads, into docs/benchmarks.md
	$(BIN)/python -m tests.benchmarks.intake --out docs/benchmarks.md

lock:  ## resolve requirements.lock anew (needs uv)
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --only-binary :all: --no-strip-extras --all-extras -q -o requirements.lock pyproject.toml

clean:  ## remove the environment, the demo and its home
	rm -rf .venv .venv-tryton .demo .demo.part .handoff dbt_project/target dbt_project/logs
