# `make train` and `make test` are all that a newcomer needs; each sets up what it uses, once, in .venv.

EXP  ?= quanv_digits
ARGS ?=
RUN  ?=
TAB  ?= hur2022
JOBS ?= 1
QUICK ?=

# What an experiment or table needs beyond what all need: an extra of pyproject.toml.
EXP_EXTRA := $(if $(filter transfer_imagenet,$(EXP)),imagenet)
TAB_EXTRA := $(if $(filter transfer,$(TAB)),imagenet)

# The first Python of at least 3.11 among these; `make PYTHON=/path/to/python3.12 train` picks another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

VENV := .venv
BIN  := $(VENV)/bin
# The peers of the benchmark have an environment of their own: qconv needs none of them.
BENCH_VENV := .venv-bench

.DEFAULT_GOAL := help
.PHONY: help train list evaluate predict explain draw diagnose table tables check test test-all bench gpu clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

train: $(VENV)/.installed $(EXP_EXTRA:%=$(VENV)/.installed-%)  ## train an experiment and its classical twin: make train EXP=quanv_digits ARGS="--seed 3"
	@$(BIN)/qconv train $(EXP) $(ARGS)

list: $(VENV)/.installed  ## the experiments there are
	@$(BIN)/qconv list

evaluate: $(VENV)/.installed  ## test a trained network: make evaluate RUN=runs/quanv_digits/<run id>/seed0
	@$(BIN)/qconv evaluate $(RUN) $(ARGS)

predict: $(VENV)/.installed  ## what a trained network says of images: make predict RUN=runs/... ARGS="FOLDER --output all.csv"
	@$(BIN)/qconv predict $(RUN) $(ARGS)

explain: $(VENV)/.installed  ## which pixels and channels decide: make explain RUN=runs/... ARGS=IMAGE
	@$(BIN)/qconv explain $(RUN) $(ARGS)

draw: $(VENV)/.installed  ## draw an experiment's circuits: make draw EXP=quanv_digits
	@$(BIN)/qconv draw $(EXP) $(ARGS)

diagnose: $(VENV)/.installed  ## expressibility, entanglement, gradients of the circuits: make diagnose EXP=quanv_digits
	@$(BIN)/qconv diagnose $(EXP) $(ARGS)

table: $(VENV)/.installed $(TAB_EXTRA:%=$(VENV)/.installed-%)  ## the table of a published paper beside our figures: make table TAB=hur2022 JOBS=2
	@$(BIN)/qconv table $(TAB) --jobs $(JOBS) $(ARGS)

tables: $(VENV)/.installed  ## all tables, only what is missing: make tables JOBS=2
	@$(BIN)/qconv tables --jobs $(JOBS) $(ARGS)

check: $(VENV)/.installed-dev  ## format, lint, types, and the direction of imports
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ty check --quiet --python $(VENV)
	@$(BIN)/lint-imports --no-logo

# Most tests need no fast programs: XLA's older emitters take half the time to compile. Those of tests/precision do, in
# a session of their own. Pytest ends with 5 where ARGS leaves it no test: in one of the two sessions it may.
PYTEST := $(BIN)/pytest -n auto --dist worksteal
ifneq ($(findstring tests/,$(ARGS)),)
RUN_TESTS = @$(PYTEST) $(1) $(ARGS)
else
define RUN_TESTS
@first=0; \
	XLA_FLAGS="$$XLA_FLAGS --xla_cpu_use_fusion_emitters=false" $(PYTEST) --ignore tests/precision $(1) $(ARGS) || first=$$?; \
	[ $$first = 0 ] || [ $$first = 5 ] || exit $$first; \
	$(PYTEST) tests/precision $(1) $(ARGS) || { second=$$?; [ $$first$$second = 05 ] || exit $$second; }
endef
endif

test: $(VENV)/.installed-dev  ## the tests, but for the slow ones
	$(call RUN_TESTS,-m "not slow")

test-all: $(VENV)/.installed-dev  ## all tests
	$(call RUN_TESTS)

bench: $(BENCH_VENV)/.installed  ## how fast, beside other libraries: all of it, or make bench QUICK=1
	@$(BENCH_VENV)/bin/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

gpu: $(VENV)/.installed  ## engines, resumption and speed on a GPU
	@$(BIN)/python -m benchmarks.gpu

clean:  ## remove the environments; runs stay
	rm -rf $(VENV) $(BENCH_VENV)

$(VENV)/.installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "qconv needs Python 3.11 or newer: install one, or name it with PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): once, some minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-%: $(VENV)/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .[$*]
	@touch $@

$(BENCH_VENV)/.installed: pyproject.toml benchmarks/requirements.txt
	@test -n "$(PYTHON)" || { echo "qconv needs Python 3.11 or newer: install one, or name it with PYTHON=..." >&2; exit 1; }
	@echo "Setting up $(BENCH_VENV) with qconv and its peers: once, some minutes"
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --editable . -r benchmarks/requirements.txt
	@touch $@
