# Two commands matter: `make run` judges the embedded lab, `make test` tests this project itself.
# Both build the environment they need in .venv first, from requirements.lock, and nowhere else.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Most tests wait for something most of the time, so there may be more of them than processors.
JOBS   ?= 6
ARGS   ?=
FUZZ   ?= $(BIN)/python

# Byte code is worth keeping: every worker process starts from it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run lab test check format lint types imports quality bench fuzz lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

include tests/real_clients/clients.mk

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "portal-contract needs Python 3.11 or newer; set PYTHON=python3.11")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python has no venv; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(STAMP) ## judge the embedded lab (ARGS="--seed 7 -v")
	$(BIN)/portal-contract run $(ARGS)

lab: $(STAMP) ## start the lab and keep it running
	$(BIN)/portal-contract lab --write-config lab.toml $(ARGS)

test: $(STAMP) $(CLIENTS_STAMP) ## all tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

check: format lint types imports test ## everything that must hold before a change lands

format: $(STAMP) ## is everything formatted?
	$(BIN)/ruff format --check .

lint: $(STAMP) ## ruff
	$(BIN)/ruff check .

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

imports: $(STAMP) ## who may import whom
	$(BIN)/lint-imports

quality: $(STAMP) ## all mutants and all seeds (test takes one mutant of each requirement)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m quality $(ARGS)

bench: $(STAMP) ## the figures of docs/benchmarks.md
	$(BIN)/python benchmarks/suite_and_st.py
	$(BIN)/python benchmarks/simulator_calls.py
	$(BIN)/python benchmarks/idle_routers.py
	$(BIN)/python benchmarks/print_rows.py
	$(BIN)/python benchmarks/rest_requests.py

fuzz: $(STAMP) ## fuzz wire and sessions (needs atheris: FUZZ=a python that has it and the dependencies)
	mkdir -p build/fuzz/wire build/fuzz/session
	PYTHONPATH=. $(FUZZ) fuzz/wire.py -runs=200000 -max_len=200 build/fuzz/wire fuzz/corpus/wire
	PYTHONPATH=. $(FUZZ) fuzz/session.py -runs=5000 -max_len=120 -len_control=0 build/fuzz/session

lock: ## compile requirements.lock anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-header --extra dev pyproject.toml --output-file requirements.lock

clean: ## remove what was built
	rm -rf $(VENV) .clients build dist portal-contract-report lab.toml
