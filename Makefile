# Verbs of the project; `make help` lists them.
VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3
UV     := $(BIN)/uv
STAMP  := $(VENV)/.installed
# Tests wait for servers half of the time: two processes more than cores share their files, in the order of
# tests/conftest.py. Those of the one real Airflow run beside, with others that only wait; where they lie, so that no
# other is collected for them.
SHARED := -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2) --dist loadfile --no-loadscope-reorder
AIRFLOW_TESTS := tests/dags tests/docker tests/stack

# Compiled files are kept whatever the shell says: hundreds of short processes would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast coverage lint format bench secrets docs wheel scan audit lock clean distclean

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 setup"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "The venv module is missing. On Debian or Ubuntu:  sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(STAMP): requirements-dev.txt pyproject.toml | $(UV)
	@echo "Installing the packages, some 2.4 GB on the disk: half a minute to some minutes."
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements-dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q include  # once, not by each of the processes that start together
	@# Where the tree lies, from where this file lies: Python 3.11 under LC_ALL=C starts from no path but an ASCII one.
	@for link in $(VENV)/lib/python3.*/site-packages/_editable_impl_sohoa.pth; do \
	  printf '../../../..\n../../../../include\n' >"$$link"; done
	@touch $@

setup: $(STAMP)  ## make .venv with the locked packages and the command .venv/bin/sohoa

demo: setup  ## run the whole job on this machine and show the result (DEMO_EXIT=1: stop afterwards)
	$(BIN)/sohoa demo

test: setup  ## all tests: unit, property, integration (SeaweedFS) and one real Airflow run
	@mkdir -p build
	@$(BIN)/python -m pytest -m airflow $(AIRFLOW_TESTS) >build/airflow-tests.txt 2>&1 & airflow=$$!; \
	  $(BIN)/python -m pytest $(SHARED) -m "not airflow"; others=$$?; \
	  echo "The tests of the real Airflow, which ran beside:"; \
	  wait $$airflow; airflow=$$?; cat build/airflow-tests.txt; exit $$((others | airflow))

test-fast: setup  ## only the tests that start no server and no browser
	$(BIN)/python -m pytest $(SHARED) -m "not store and not airflow and not browser"

coverage: setup  ## all tests again, with the share of the code that they run (fails below the floor of pyproject.toml)
	$(BIN)/python -m pytest $(SHARED) --cov --cov-report=term:skip-covered

lint: setup  ## ruff, codespell and mypy, for Windows too where an agency's program runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --preview --select AIR dags plugins include
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 include/sohoa/desk include/sohoa/guarded include/sohoa/pages include/sohoa/cli/agency_commands.py

format: setup  ## put the code into its standard form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## measure speed as ratios, printed as tables
	$(BIN)/python -m benchmarks

secrets: $(UV)  ## write .env with random secrets for docker compose (never overwrites)
	$(PYTHON) docker/make_secrets.py

docs: setup  ## write the reference pages from the code
	$(BIN)/python -m tools.generate_docs

wheel: setup  ## build the agencies' program, dist/sohoa-….whl
	$(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .
	@ls dist/*.whl

AUDIT := .venv-audit/bin
# Words of tests, names of Kubernetes' secrets, and what a page says of `make secrets`.
NO_SECRETS := '^(sohoa-[a-z-]+|(access|secret)-key|eyJhbGciOiJ(IUzUxMiJ9\.eyJzdWIiOiJ4In0|ub25lIn0\.eyJzdWIiOiJhZG1pbiJ9).*|open-sesame|secret|bí mật|mật khẩu|hooks/s3cr3t-token|letters|wrong|docker compose up.*)$$'
AUDITED := .venv-audit/.installed
$(AUDITED): requirements-audit.txt | $(UV)
	@[ -x $(AUDIT)/python ] || $(PYTHON) -m venv .venv-audit
	$(UV) pip sync --quiet --python $(AUDIT)/python --require-hashes requirements-audit.txt
	@touch $@

scan: $(AUDITED)  ## secrets in the tree, the image's recipe
	$(AUDIT)/hadolint --failure-threshold warning docker/Dockerfile
	git ls-files -z | grep -zvE '^requirements|^tests/data/|\.(png|jpg|onnx|ttf)$$' \
	  | xargs -0 $(AUDIT)/detect-secrets-hook --no-verify --disable-plugin HexHighEntropyString \
	    --disable-plugin Base64HighEntropyString --exclude-secrets $(NO_SECRETS)

audit: scan  ## what scan does, a list of all parts (build/sbom.json), known faults of the packages
	@mkdir -p build
	$(AUDIT)/cyclonedx-py requirements requirements.txt --output-reproducible --output-file build/sbom.json
	$(AUDIT)/pip-audit --requirement requirements.txt --require-hashes --disable-pip --progress-spinner off

lock: | $(UV)  ## resolve the newest allowed versions into requirements.txt and requirements-dev.txt
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header \
	  --extra pipeline --extra production pyproject.toml --output-file requirements.txt
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	  --extra pipeline --extra production --extra without-docker --extra dev \
	  --constraint requirements.txt pyproject.toml --output-file requirements-dev.txt
	$(UV) pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 --no-header --group audit \
	  --output-file requirements-audit.txt

clean:  ## stop what runs and remove what was made; the data in .sohoa stays
	@if [ -x $(BIN)/sohoa ]; then $(BIN)/sohoa stack down; fi
	rm -rf .venv* .coverage .mypy_cache .ruff_cache .pytest_cache build dist *.egg-info
	find . -path ./.sohoa -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -e .sohoa ]; then echo "The data stays in .sohoa; make distclean removes it too."; fi

distclean:  ## remove the data in .sohoa too, after asking (FORCE=1: without)
	@if [ -e .sohoa ] && [ "$(FORCE)" != 1 ]; then \
	  printf 'Remove all data in .sohoa (%s: store, reports, Airflow)? [y/N] ' "$$(du -sh .sohoa | cut -f1)"; \
	  read -r answer; [ "$$answer" = y ] || { echo "Nothing was removed."; exit 1; }; fi
	@$(MAKE) --no-print-directory clean
	rm -rf .sohoa
