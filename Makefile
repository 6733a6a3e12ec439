# What people type. Every part says how long it took, and a part that fails ends the run.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

PYTHON := .venv/bin/python
LAB := $(PYTHON) -m lab run $(if $(KEEP),--keep) --
PYTEST := $(PYTHON) -m coverage run -m pytest
LOGS := build/tests
export KEEP

# $(call part,name,command): the command between a line that says what and one that says how long.
define part
	@echo "── $(1)"; began=$$SECONDS; $(2); echo "── $(1): $$((SECONDS - began)) s"
endef

.PHONY: help setup demo test test-fast soak lint types imports bench lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## everything that the other commands need; seconds when it is there
	@./setup

demo: setup ## a service replaced under load, and one that fails; KEEP=1 leaves it standing
	$(call part,demo,$(LAB) $(PYTHON) -m lab.demo)

# The closing lines of pytest come last: they are what one looks for.
test: setup lint types imports erase ## linters, types, all tests, coverage
	$(call part,tests without daemons,$(PYTEST) -n 2 tests/unit tests/mocked tests/engine | tee $(LOGS)/1-fast)
	$(call part,tests of the lab,$(PYTEST) tests/lab | tee $(LOGS)/2-lab)
	$(call part,tests of the boot kit,$(PYTEST) -n 2 --dist loadfile tests/kit | tee $(LOGS)/3-kit)
	$(call part,tests in the lab,$(LAB) $(PYTEST) -n 2 --dist loadfile tests/e2e | tee $(LOGS)/4-e2e)
	$(call part,coverage,$(PYTHON) -m coverage combine --quiet; $(PYTHON) -m coverage report)
	@tail -qn 1 $(LOGS)/*

test-fast: python ## tests that need no daemon and no root
	@./setup engine
	$(call part,tests without daemons,$(PYTHON) -m pytest -n 2 tests/unit tests/mocked tests/engine)

soak: setup ## a command killed at 40 moments and at every step, 100 contested rounds; an hour
	$(call part,soak,SOAK=1 $(LAB) $(PYTHON) -m pytest -qs tests/e2e/test_cli_killed.py tests/e2e/test_cli_contested.py)

mutation: python ## small changes of the ledger and the rollout, and how many of them fail a test; minutes
	$(call part,mutation,PYTHONHASHSEED=0 timeout 3600 $(PYTHON) -m tests.mutation)

lint: python ## ruff, both of it
	$(call part,ruff,$(PYTHON) -m ruff check --output-format concise .; $(PYTHON) -m ruff format --check .)

types: python ## mypy, strict
	$(call part,mypy,$(PYTHON) -m mypy)

imports: python ## who may import whom
	$(call part,import-linter,.venv/bin/lint-imports)

bench: setup ## the measurements, side by side; ONLY=commands,rollouts,losses,rollbacks,recovery,parallel some of them
	$(call part,bench,$(LAB) $(PYTHON) -m bench $(if $(ONLY),--only $(ONLY)))

lock: python ## requirements.lock from pyproject.toml
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
		--upgrade --custom-compile-command 'make lock' pyproject.toml --output-file requirements.lock

clean: ## removes what was made in this folder; the engine stays in your cache folder
	rm -rf .venv build dist .coverage* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: python erase
python:
	@./setup python

erase:
	@mkdir -p $(LOGS) && rm -f $(LOGS)/* && $(PYTHON) -m coverage erase
