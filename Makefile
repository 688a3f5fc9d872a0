# `make` alone says what there is. Everything runs in .venv, which is made when it is needed, from
# pyproject.toml and the pinned versions in constraints.txt.

.DEFAULT_GOAL := help
.PHONY: help run slack check test soak audit bench eval fit ablate format clean distclean

PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
HOST ?= 127.0.0.1
PORT ?= 8000
QUESTIONS ?= 5000

BIN := .venv/bin
READY := .venv/.ready
PACKAGES := corpus index assistant api
UNIT_TESTS := tests/corpus tests/index tests/assistant

help: ## say what there is to make
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

run: $(READY) ## serve the web page and the API at http://127.0.0.1:8000/ (PORT=8001 for another port)
	@$(BIN)/assistant serve --host $(HOST) --port $(PORT)

slack: $(READY) ## try the Slack app without Slack: a stand-in with a page, and the service
	@PYTHONPATH=tests $(BIN)/python -m slack_stand_in

check: $(READY) ## check style, types and layers, and run the quick tests of single modules (a minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -q -m "not soak" $(UNIT_TESTS)

test: $(READY) ## run all checks and all tests (minutes)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist worksteal

soak: $(READY) ## run the endurance tests: many kills, clients, events and generated inputs
	$(BIN)/pytest --soak -m soak -n 2 --dist worksteal tests/corpus
	$(BIN)/pytest --soak -m soak --ignore tests/corpus

audit: $(READY) ## look up known vulnerabilities of the pinned packages (needs the network)
	@$(BIN)/python tests/audit.py

bench: $(READY) ## measure start-up, memory, load and swaps (QUESTIONS=100000 for an hour's worth)
	PYTHONPATH=tests $(BIN)/python tests/measure/bench.py --questions $(QUESTIONS)
	PYTHONPATH=tests $(BIN)/python tests/measure/loaders.py
	PYTHONPATH=tests $(BIN)/python tests/measure/office_loaders.py

eval: $(READY) ## measure the answers on the gold questions and the public sets that are there
	$(BIN)/python tests/measure/public.py
	$(BIN)/python tests/measure/proof.py
	$(BIN)/python tests/measure/audit.py

fit: $(READY) ## fit the scorer to the public sets that are there (minutes)
	$(BIN)/python tests/measure/scorer.py

ablate: $(READY) ## measure what each part of the scorer is worth (minutes)
	$(BIN)/python tests/measure/scorer.py --ablate

format: $(READY) ## format the code and apply the safe fixes of ruff
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the indexes, which are built again; texts, conversations and keys are kept
	rm -rf .assistant/index .assistant/*/index

distclean: clean ## remove the environment and all caches as well
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -rf .hypothesis .benchmarks build dist
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
		--no-build-isolation --editable '.[dev]'
	@touch $@
