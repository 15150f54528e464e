# Unhook's commands. `make` alone lists them; docs/commands.md tells more about each.

# Python 3.11 or newer. Another one: make run PYTHON=/opt/python3.12/bin/python3
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)

# Where torch comes from: options handed to pip. Empty means PyPI, whose Linux build also brings the CUDA libraries
# (several GB). Without a GPU, pass the CPU index that PyTorch's own installation page names:
#   make run TORCH_SOURCE="--index-url https://..."
TORCH_SOURCE ?=

# Only training and benchmarks read these: packed corpora, and where they are unpacked (outside the repository).
CORPORA ?= ../shared/corpora
CORPORA_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/unhook/corpora

# Where open-source e-mail templates are kept, for training mail to wear. Fetched with npm; training works without.
TEMPLATES ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/unhook/templates

# The languages of the pages: a new one starts with: pybabel init -i build/messages.pot -d TRANSLATIONS -l LANGUAGE
TRANSLATIONS := backend/web/translations

# More options for pytest: make test ARGS="tests/store -k search"
ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
.DEFAULT_GOAL := help
.PHONY: help run demo test coverage check format bench train templates peers lock messages clean chromium addin

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.run ## Install what is missing and start the demo: web, worker and three mailboxes
	@$(BIN)/unhook demo

demo: run ## The same as run

test: .venv/.dev addin/node_modules/.stamp chromium ## Run every test (needs no account and no network but pip and apt)
	$(BIN)/pytest -n 2 $(ARGS)

coverage: .venv/.dev addin/node_modules/.stamp chromium ## The tests, with the coverage of backend, connectors and model
	$(BIN)/pytest -n 2 --cov --cov-report=term $(ARGS)

check: .venv/.dev addin/node_modules/.stamp ## Formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	cd addin && npm run --silent check

addin: addin/node_modules/.stamp ## Build the Outlook add-in's scripts: addin/src into addin/dist
	cd addin && npm run --silent build

format: .venv/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev peers $(CORPORA_CACHE)/.unpacked ## Measure: corpora, 1,000 mailboxes, a million rows
	CORPORA=$(CORPORA_CACHE) $(BIN)/pytest tests/benchmarks -p no:randomly -s $(ARGS)

train: .venv/.dev templates $(CORPORA_CACHE)/.unpacked ## Train a checkpoint on CORPORA, unpacked into CORPORA_CACHE
	$(BIN)/unhook train $(CORPORA_CACHE) $$(test ! -e $(TEMPLATES)/skeletons.json || echo --templates $(TEMPLATES)) $(ARGS)

templates: .venv/.run ## Fetch e-mail templates for training mail, where npm is installed
	@test -e $(TEMPLATES)/skeletons.json || ! command -v npm >/dev/null || $(BIN)/python -m model.composed.templates $(TEMPLATES)

lock: ## Resolve pyproject.toml afresh and write constraints.txt
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet $(TORCH_SOURCE) -e '.[dev]'
	{ sed '/^$$/q' constraints.txt; \
	  .venv-lock/bin/python -m pip freeze --exclude-editable \
	  | grep -viE '^(nvidia-|cuda-|triton)' | sed -E 's/^(torch==[0-9.]+).*/\1/'; } > constraints.new
	mv constraints.new constraints.txt && rm -rf .venv-lock

messages: .venv/.dev ## Collect what pages say, bring the translations up to date and compile them
	@mkdir -p build
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output -k lazy_gettext -k lazy_ngettext:1,2 \
	  --project unhook --version "" --copyright-holder "" --msgid-bugs-address "" -o build/messages.pot .
	$(BIN)/pybabel -q update -i build/messages.pot -d $(TRANSLATIONS) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(BIN)/pybabel compile -d $(TRANSLATIONS) --statistics

clean: ## Remove what make made (keeps ./var, your demo's state)
	rm -rf .venv .venv-lock build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov addin/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp each, so that a second `make run` starts at once. Torch goes first and alone: only it comes from TORCH_SOURCE.
.venv/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Unhook needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make run PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "$(PYTHON) cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing Unhook into .venv (a few minutes, the first time only) ..."
	@$(PIP) install $(TORCH_SOURCE) -c constraints.txt --no-deps torch
	@$(PIP) install -c constraints.txt -e .
	@touch $@

.venv/.dev: .venv/.run
	@echo "Installing what checks and tests need ..."
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

addin/node_modules/.stamp: addin/package.json addin/package-lock.json
	@command -v npm >/dev/null || { apt-get -q update && apt-get -qy install --no-install-recommends nodejs npm; } || { \
	  echo "The add-in is built and tested with Node.js, which is missing: apt-get install nodejs npm" >&2; exit 1; }
	@cd addin && npm ci --no-progress --loglevel=error
	@touch $@

chromium:
	@command -v chromium >/dev/null || { apt-get -q update && apt-get -qy install --no-install-recommends chromium; } || { \
	  echo "The browser tests drive Debian's Chromium, which is missing: apt-get install chromium" >&2; exit 1; }

peers:
	@command -v rspamd >/dev/null && test -x /usr/sbin/spamd || { apt-get -q update && \
	  apt-get -qy install --no-install-recommends rspamd spamassassin spamd; } || { \
	  echo "The benchmarks run beside Debian's rspamd and SpamAssassin: apt-get install rspamd spamassassin spamd" >&2; exit 1; }

$(CORPORA_CACHE)/.unpacked: $(wildcard $(CORPORA)/*.xz)
	@test -d "$(CORPORA)" || { echo "No corpora at $(CORPORA): name the folder with CORPORA=..." >&2; exit 1; }
	@mkdir -p $(CORPORA_CACHE)
	for f in $(CORPORA)/*.tar.xz; do tar -xJf $$f -C $(CORPORA_CACHE) || exit 1; done
	for f in $(CORPORA)/*.jsonl.xz; do xz -dkc $$f > $(CORPORA_CACHE)/$$(basename $$f .xz) || exit 1; done
	@touch $@
