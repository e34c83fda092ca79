# Set-up and daily commands. Written for GNU make 3.81 (macOS) and newer: no .ONESHELL, no ::=, no grouped targets.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
SOURCES := src tests tools

.PHONY: help setup demo test check bench lock format clean

help:
	@echo "make demo    set up, then show one engagement from opportunity to cash  (ARGS=\"--exit\" ends by itself)"
	@echo "make test    set up, then run the tests                                 (ARGS=\"tests/store -k start\")"
	@echo "make check   format, lint, types, import contracts, tests"
	@echo "make bench   measure; writes bench/results.json"
	@echo "make lock    resolve the dependencies anew into requirements*.lock"
	@echo "make format  put the code in the house format"
	@echo "make clean   remove everything the set-up and the runs made"

# Each stamp says which inputs a step was last done for, so a second set-up only compares times.
setup: $(VENV)/.locked $(VENV)/.installed

$(VENV)/bin/python:
	@python=`$(PYTHON) tools/check_machine.py --print-python` && echo "Creating $(VENV) with $$python" && "$$python" -m venv $(VENV)

$(VENV)/.locked: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing the locked packages into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.locked
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	@$(BIN)/tieline demo $(ARGS)

test: setup
	@$(BIN)/pytest -n 2 $(ARGS)

check: setup
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: setup
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

lock: $(VENV)/.locked
	$(UV_LOCK) pyproject.toml -o requirements.lock
	$(UV_LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
