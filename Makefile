# Everything bootstraps what it needs: Python 3.11 is all a machine has to have.
.DEFAULT_GOAL := help
.PHONY: help demo up test check bench assets docs screenshots venv

PYTHON_IN_VENV := .venv/bin/python
TESTS ?= tests
JOBS ?= 4

help: ## Show this help
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

demo: venv ## Start a private VoiceOps, hold one real phone call with it, print its figures
	@$(PYTHON_IN_VENV) -m voiceops.local.demo

up: venv ## Run VoiceOps here until Ctrl-C (VOICEOPS_PORT=8001 for another port)
	@exec $(PYTHON_IN_VENV) manage.py up

test: venv ## Run all tests (TESTS=tests/calls for some, JOBS=2 for fewer at once)
	@tools/chromium
	@JOBS=$(JOBS) tools/test $(TESTS)

check: venv ## Lint, types, imports, settings, migrations, templates, built assets
	@tools/check

bench: venv ## Measure, each figure beside its comparison
	$(PYTHON_IN_VENV) -m bench

assets: ## Build static/dist from static/src (needs Node 20.19 or newer)
	npm install --no-save --no-audit --no-fund  # not `npm ci`: it refuses a lock without packages for other systems, which npm itself leaves out
	npm run build

docs: venv ## Write docs/flow.md from what the kinds of steps declare
	@$(PYTHON_IN_VENV) -m tools.docs

screenshots: venv ## Save a picture of every page in build/screenshots
	@tools/chromium
	$(PYTHON_IN_VENV) manage.py screenshots

venv:
	@tools/bootstrap
