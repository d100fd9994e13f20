# `make demo` and `make test` need Python 3.11 or newer and nothing else: set-up is part of both.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 4

.DEFAULT_GOAL := help
.PHONY: help setup tools lock demo up test exhaustive fast lint bench pictures clean

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv and install the locked packages into it; does nothing the second time
	@$(PYTHON) scripts/setup.py

tools: setup ## and what tests and benchmarks need besides: Redis, the Stripe CLI
	@$(PYTHON) scripts/setup.py --tools

demo: setup ## a month of business between a sandbox Stripe and a sandbox NetSuite, dashboard on http://127.0.0.1:8000
	@$(BIN)/tieout demo

up: setup ## run Tieout with the settings in .env
	@$(BIN)/tieout up

test: tools lint ## everything that has to pass: lint, then all tests
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not exhaustive"
	@echo "make test: everything passed"

exhaustive: tools ## the tests, and the house rules over every further scene of each flow: some twenty minutes
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

fast: setup ## the tests that take less than a few seconds each
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not exhaustive"

lint: setup ## style, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: tools ## every benchmark against its target
	@$(BIN)/python scripts/bench.py

pictures: tools ## take the pictures of docs/dashboard.md anew, with the browser tests
	@for file in tests/browser/test_*.py; do TIEOUT_SCREENSHOTS=1 $(BIN)/pytest -q $$file || exit 1; done
	@mkdir -p docs/pictures
	@for name in $$(grep -o 'pictures/[a-z-]*' docs/dashboard.md | cut -d/ -f2); do \
		cp .screenshots/$$name-light-1280.png docs/pictures/$$name.png; done

lock: setup ## bring the lock files up to date with pyproject.toml and package.json
	@$(BIN)/python scripts/lock.py

clean: ## remove what set-up, tests and demo made
	rm -rf .venv .tieout node_modules build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
