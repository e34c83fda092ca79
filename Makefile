# Set-up and daily commands. Written for GNU make 3.81 (macOS) and newer: no .ONESHELL, no ::=, no grouped targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
VENDOR := src/tieline/console/static/vendor
UV_LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
CODE := src tests tools bench
# Bytecode is kept whatever the environment says: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo test torture check bench lock format clean

help:
	@echo 'make demo    set up, then show one engagement from opportunity to cash (ARGS="--exit" ends by itself)'
	@echo 'make test    set up, then run the tests (ARGS="tests/store -k start" runs some)'
	@echo 'make torture the tests that take long: repeats, storms, sabotage (up to an hour; ARGS as above)'
	@echo 'make check   format, lint, types, import contracts, tests'
	@echo 'make bench   measure; writes bench/results.json'
	@echo 'make lock    resolve all dependencies anew into the lock files'
	@echo 'make format  put the code into the house format'
	@echo 'make clean   remove everything the set-up and the runs made'

# Each stamp says for which inputs its step was last done, so a second set-up only compares times.
setup: $(VENV)/.locked $(VENV)/.installed $(VENDOR)/icons.svg

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Tieline needs Python 3.11 or newer; there is no $(PYTHON) on PATH"; exit 1; }
	@python=`$(PYTHON) tools/check_machine.py --python $(PYTHON) --make $(MAKE_VERSION)` && \
	echo "Setting up Tieline in $(VENV) (takes a minute or two)" && $$python -m venv $(VENV)

$(VENV)/.locked: requirements-dev.lock | $(BIN)/python
	@echo "Installing the locked packages"
	@$(BIN)/python tools/check_machine.py --lock requirements-dev.lock > $(VENV)/machine.lock
	@$(PIP) --require-hashes -r $(VENV)/machine.lock
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.locked
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENDOR)/icons.svg: assets/package-lock.json assets/icons.txt assets/node.lock tools/console_assets.py | $(VENV)/.locked
	@echo "Fetching the console's fonts, icons and scripts"
	@$(BIN)/python tools/console_assets.py

demo: setup
	@$(BIN)/tieline demo $(ARGS)

test: setup
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# What only this target runs is marked, properties get twenty times the examples, and nothing may hang for ever.
torture: setup
	@TIELINE_TORTURE=1 $(BIN)/pytest -n 2 -m "torture or hypothesis" --timeout 1200 $(ARGS)

check: setup
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

bench: setup
	@$(BIN)/python -m bench $(ARGS)

format: setup
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lock: $(VENV)/.locked
	$(UV_LOCK) pyproject.toml -o requirements.lock
	$(UV_LOCK) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(UV_LOCK) --no-annotate assets/node.in -o assets/node.lock
	cd assets && npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean:
	@$(PYTHON) tools/clean.py
