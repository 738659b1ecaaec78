# Everything a developer does here. `make help` lists it.

VENV := .venv
PYTHON := $(VENV)/bin/python
UV := $(VENV)/bin/uv
# Tools read the settings without a server, and never with production's demands.
LOCAL := KOPILKA_LOCAL=1
CHROMIUM ?= /usr/bin/chromium
# Of two cores two more workers use what the others leave while they wait for browsers and servers.
WORKERS ?= 4
# Containers like to set it. A dozen processes would each compile the whole of Django anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-long lint fmt messages lock vendor pictures manage bench clean

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: $(VENV)/.runtime ## Start everything in the foreground (PORT, HOST, DATA_DIR, DATABASE_URL, REDIS_URL)
	@exec $(PYTHON) -m config.local run

test: $(VENV)/.dev ## Run all tests but the long ones
	@test -x $(CHROMIUM) || echo "No Chromium at $(CHROMIUM): the browser tests will be skipped."
	$(PYTHON) -m pytest -n $(WORKERS) --dist worksteal

test-long: $(VENV)/.dev ## Run the long profiles: state machines, faults, processes
	$(PYTHON) -m pytest -m long

lint: $(VENV)/.dev ## Check style, types, contracts, templates, migrations and the API's schema
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(LOCAL) $(PYTHON) -m mypy
	$(VENV)/bin/lint-imports
	@git ls-files -z '*.html' | xargs -0 -r $(VENV)/bin/djade --target-version 5.2 --check
	$(LOCAL) $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(LOCAL) $(PYTHON) manage.py spectacular --fail-on-warn --validate --file /dev/null

fmt: $(VENV)/.dev ## Format the code and mend what can be mended
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	@git ls-files -z '*.html' | xargs -0 -r $(VENV)/bin/djade --target-version 5.2

messages: $(VENV)/.dev ## Compile the translations (.po and .mo are both committed)
	@for folder in $$(git ls-files --cached --others --exclude-standard '*locale/*/LC_MESSAGES/*.po' | sed 's|/[^/]*/LC_MESSAGES/.*||' | sort -u); \
	do $(VENV)/bin/pybabel --quiet compile --domain django --directory $$folder || exit 1; done

COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--python-version 3.11 --custom-compile-command "make lock" pyproject.toml

lock: $(VENV)/.uv ## Write the requirements anew, newest versions, with hashes and without addresses
	$(COMPILE) --upgrade --output-file requirements.txt
	$(COMPILE) --upgrade --group dev --output-file requirements-dev.txt

vendor: ## Copy the pages' scripts, styles and fonts from npm into static/vendor
	cd vendor && npm ci --silent --no-audit --no-fund && python3 vendor.py

pictures: $(VENV)/.dev ## Take the pictures of docs/images anew
	PICTURES=1 $(PYTHON) -m pytest -q tests/browser/test_handbook.py

manage: $(VENV)/.runtime ## Run a command of manage.py beside the local servers: make manage DO="audit"
	@$(PYTHON) -m config.local exec -- $(PYTHON) manage.py $(DO)

bench: $(VENV)/.dev ## Measure what docs/performance.md quotes
	$(PYTHON) -m bench

clean: ## Remove what was made here, but never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -not -path './.data/*' -prune -exec rm -rf {} +

# ---------------------------------------------------------------- the virtual environment

$(PYTHON):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Kopilka needs Python 3.11 or newer as python3."; exit 1; }
	@python3 -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "python3 lacks venv; on Debian: apt install python3-venv"; exit 1; }

# uv installs in seconds what takes pip a minute; where it cannot be had, pip does.
$(VENV)/.uv: | $(PYTHON)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check 'uv>=0.9' || true
	@touch $@

define install
	@echo "Installing $(1)…"
	@if [ -x $(UV) ]; \
	then $(UV) pip install --quiet --python $(PYTHON) --require-hashes --requirement $(1); \
	else $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1); \
	fi
	@touch $@
endef

$(VENV)/.runtime: requirements.txt $(VENV)/.uv
	$(call install,requirements.txt)

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(call install,requirements-dev.txt)
