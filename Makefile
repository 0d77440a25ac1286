# Every task of the project. `make` alone lists them.
# Needs git, make and Python 3.11 or newer; what else is needed lands in .venv.

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
# Runs a program of the environment, and lets it find the others there.
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"
# The tests' temporary files are in memory if it has room: a disk takes twice as long.
SPOOL = $(shell test -w /dev/shm && df -Pk /dev/shm | awk 'NR == 2 && $$4 > 4000000 { print "TMPDIR=/dev/shm" }')
# Three on two cores, since tests wait for servers; the files in their order, the longest
# first, so that none begins when all others are over.
WORKERS := --numprocesses 3 --dist loadfile --no-loadscope-reorder
UV_VERSION = $(shell sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p;q;}' uv.lock)

# What `make matrix` runs, and how its results say that it was not all.
SWEEPS := tests/e2e/test_add_a_kind.py tests/e2e/test_copier_answers.py \
  tests/e2e/test_hostile_checkouts.py tests/e2e/test_layout.py \
  tests/e2e/test_generator_hostile.py tests/e2e/test_generator_kill.py \
  tests/e2e/test_generator_merge.py tests/e2e/test_generator_refused.py \
  tests/e2e/test_generator_sequences.py tests/e2e/test_hosts.py \
  tests/e2e/test_hosts_dirty.py tests/e2e/test_init.py tests/e2e/test_viadot.py \
  tests/e2e/generated/test_pairs.py tests/e2e/generated/test_kind_custom.py \
  tests/e2e/generated/test_kind_duckdb.py tests/e2e/generated/test_kind_postgresql.py \
  tests/e2e/generated/test_kind_rest.py tests/e2e/generated/test_kind_s3.py \
  tests/e2e/generated/test_dialects.py \
  tests/e2e/generated/test_pythons.py tests/e2e/generated/test_rules.py \
  tests/runtime/rules tests/runtime/sql/test_postgresql_properties.py \
  tests/runtime/stalls tests/runtime/stopped_loads tests/property/test_weave_sequences.py \
  tests/weave/test_weave_corpus.py tests/weave/test_weave_shapes.py
ONLY = $(if $(findstring command,$(origin SWEEPS)), SWEEPS="$(SWEEPS)")

.DEFAULT_GOAL := help
.PHONY: help demo test lint golden docs bench scoreboard matrix clean

help: ## List the tasks
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) ## From PostgreSQL to the lake on this machine: about two minutes
	@$(RUN) sourcewright demo

test: lint ## Lint, then every test, on real servers
	@$(RUN) $(SPOOL) pytest $(WORKERS)

lint: $(READY) ## Style, types and the direction of imports
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@$(RUN) PYTHONPATH=template lint-imports

golden: $(READY) ## Render the committed reference output again
	@$(RUN) python -m tests.golden

docs: $(READY) ## Write the generated pages, and build the site into site/
	@$(RUN) python docs/generate.py
	@$(RUN) mkdocs build --strict

bench: $(READY) ## Measure: start-up against Copier, extraction against other tools
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(VENV) \
	  $(VENV)/bin/uv sync --quiet --frozen --all-extras --group bench
	@$(RUN) python benchmarks/startup.py --rounds 5
	@$(RUN) python -m benchmarks.extraction
	@$(RUN) python -m benchmarks.kinds
	@$(RUN) python -m benchmarks.memory

scoreboard: $(READY) ## Say which tool changes values of which type: about five minutes
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(VENV) \
	  $(VENV)/bin/uv sync --quiet --frozen --all-extras --group bench
	@$(RUN) python -m benchmarks.scoreboard --write

matrix: $(READY) ## Run whole what `make test` samples, and keep the counts in tests/matrix
	@$(RUN) $(SPOOL) SOURCEWRIGHT_WHOLE=1 \
	  pytest $(WORKERS) --timeout 0 --keep-results 'make matrix$(ONLY)' $(SWEEPS)

clean: ## Remove what the tasks made, the environment too
	rm -rf $(VENV) build dist site .coverage
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# The stamp is written last: a set-up that was interrupted is done again.
$(READY): pyproject.toml uv.lock
	@"$(PYTHON)" -c "" >/dev/null 2>&1 || { \
	  echo "error: cannot run $(PYTHON)"; \
	  echo " next: install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3"; \
	  exit 1; } >&2
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: $(PYTHON) is $$("$(PYTHON)" --version 2>&1), older than 3.11"; \
	  echo " next: say where a newer one is: make PYTHON=/path/to/python3"; \
	  exit 1; } >&2
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: $(PYTHON) has no venv and ensurepip modules"; \
	  echo " next: on Debian and Ubuntu: apt-get install python3-venv"; \
	  exit 1; } >&2
	@rm -f $@
	@$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || { \
	  echo "Making $(VENV) with $$("$(PYTHON)" --version)"; \
	  "$(PYTHON)" -m venv --clear $(VENV); }
	@[ "$$($(VENV)/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" ] || \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)" || { \
	  echo "error: could not install uv $(UV_VERSION)"; \
	  echo " next: check the network, or pip's index and proxy settings, and run make again"; \
	  exit 1; } >&2
	@echo "Installing what uv.lock names"
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(VENV) \
	  $(VENV)/bin/uv sync --quiet --frozen --all-extras || { \
	  echo "error: could not install what uv.lock names"; \
	  echo " next: check the network, or uv's index and proxy settings, and run make again"; \
	  exit 1; } >&2
	@touch $@
