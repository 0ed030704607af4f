# Two commands on a fresh machine: `make run` and `make test`. Each works alone, in any order.

# The first interpreter that starts, is new enough and can make an environment; PYTHON=... wins.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	$$name -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)
endif

BIN := .venv/bin
OUT ?= out
PYTEST_ARGS ?=
FUZZ ?= 10000
KILLS ?= 200
PAIRS ?= 50
RUNS ?= 20
LOCKED := pyproject.toml constraints.txt

.PHONY: help run test check bench programs fuzz torture clean
.DEFAULT_GOAL := help

help:
	@echo "make run      set up .venv, run the bundled study, write $(OUT)/"
	@echo "make test     set up everything the tests need and run all of them"
	@echo "make check    lint, format, types, architecture; no other test"
	@echo "make bench    times and memory, ours beside peers: bench/results.md, docs/speed.md"
	@echo "make fuzz     read FUZZ=$(FUZZ) spoilt files of every format; slowest and peak memory"
	@echo "make torture  kill writers and let them meet: KILLS=$(KILLS) PAIRS=$(PAIRS) RUNS=$(RUNS)"
	@echo "make clean    remove .venv, $(OUT)/ and caches"

run: .venv/.run
	$(BIN)/siteselect run --out $(OUT)/

test: .venv/.test programs
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict siteselect cli.py
	$(BIN)/python -m pytest -n 0 -q tests/test_architecture.py

bench: .venv/.test .venv/.bench
	$(BIN)/python bench/run.py
	$(BIN)/python bench/kernels.py
	$(BIN)/python bench/pipeline.py
	$(BIN)/python bench/browser.py

fuzz: .venv/.test
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/python -W ignore -m tests.fuzz.mutate $(FUZZ) "$$folder"

torture: .venv/.test
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/python -W ignore -m tests.trust.torture $(KILLS) $(PAIRS) $(RUNS) "$$folder"

programs:
	@sh tests/install_programs.sh

clean:
	rm -rf .venv $(OUT) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian:" \
		"apt-get install python3-venv); or name one: make run PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv

# Stamps: nothing is installed again until the declarations change.
.venv/.run: $(LOCKED) | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt -e '.[report,fast]'
	@touch $@

.venv/.test: $(LOCKED) | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt \
		-e '.[report,fast,parquet,cluster,notebooks,dev]'
	@touch $@ .venv/.run

.venv/.bench: $(LOCKED) | .venv/.test
	$(BIN)/python -m pip install -c constraints.txt -e '.[bench]'
	@touch $@
