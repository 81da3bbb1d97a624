# Only Python 3.11 or newer, git and make are needed; everything else goes into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMP := .venv/.installed
PORT ?=
ONCE ?=
DATA ?=
ARGS ?=
NAME ?=
SEED ?=
BASE ?=
PREVIOUS ?=
BROKER ?=
MINUTES ?=
RESULTS := dist/results

##@ Try it

.PHONY: demo
demo: install ## Three environments of a small shop, reported by real agents, compared. ONCE=1: print and stop. PORT=8000
	@exec $(BIN)/paritycheck demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

.PHONY: up
up: install ## The whole service until Ctrl-C. PORT=8000 DATA=.paritycheck
	@exec $(BIN)/paritycheck up $(if $(DATA),--data $(DATA)) $(if $(PORT),--port $(PORT))

##@ Work on it

.PHONY: install
install: $(STAMP) ## Build .venv from uv.lock

.PHONY: test
test: install ## Every test. ARGS="tests/core -k merge"; ARGS=--long walks further
	@PARITYCHECK_RESULTS=$(RESULTS) exec $(BIN)/pytest $(ARGS)

.PHONY: test-fast
test-fast: install ## Tests without real processes and browsers
	@exec $(BIN)/pytest -m "not e2e" $(ARGS)

.PHONY: lint
lint: install ## Style of code and templates
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint templates --lint --quiet

.PHONY: types
types: install ## mypy, strict
	@exec $(BIN)/mypy

.PHONY: imports
imports: install ## The rooms import one way
	@exec $(BIN)/lint-imports

.PHONY: fmt
fmt: install ## Put code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: api-fuzz
api-fuzz: install ## Schemathesis over the served OpenAPI document. ARGS="--max-examples 200"
	@API_FUZZ="$(or $(ARGS),--max-examples 100)" exec $(BIN)/pytest tests/api/test_openapi_fuzz.py -n 0 -s

.PHONY: api-examples
api-examples: install ## Write anew the answers that the OpenAPI document shows
	@exec $(BIN)/pytest tests/api/write_examples.py -n 0 -q

.PHONY: bench
bench: install ## Ratios to peers measured in the same run, into dist/bench.json. NAME=compare,growth
	@PYTHONPATH=. exec $(BIN)/python tests/benchmarks/run.py $(if $(NAME),--name $(NAME)) $(ARGS)

.PHONY: fuzz
fuzz: install ## 50,000 changed files through every reader of the agent. ARGS="--files 1000 --only lock"
	@PYTHONPATH=. exec $(BIN)/python tests/agent/fuzz/run.py $(ARGS)

.PHONY: chaos
chaos: install ## Kill a running service in every way, and count what was lost. NAME=senders SEED=7 BROKER=rabbitmq; NAME=soak MINUTES=60
	@PARITYCHECK_RESULTS=$(RESULTS) exec $(BIN)/python -m tests.chaos.run $(if $(NAME),--name $(NAME)) \
		$(if $(SEED),--seed $(SEED)) $(if $(BROKER),--broker $(BROKER)) $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: report
report: install ## One table of every bad input, fault, promise and target, as tests, chaos and benchmarks last found them
	@PARITYCHECK_RESULTS=$(RESULTS) exec $(BIN)/python -m tests.results

.PHONY: audit
audit: install ## Known vulnerabilities of what is locked; asks pypi.org. Exit 1: some, 2: it could not be told
	@exec $(BIN)/python .ci/audit.py

.PHONY: sbom
sbom: install ## What a release is made of, dist/paritycheck.cdx.json, CycloneDX
	@exec $(BIN)/python .ci/sbom.py

.PHONY: compose-check
compose-check: install ## The production deployment on a Docker engine: main job, kills, upgrade. BASE=image PREVIOUS=v0.1.0
	@exec $(BIN)/python -m tests.compose.run $(if $(BASE),--base $(BASE)) $(if $(PREVIOUS),--previous $(PREVIOUS)) $(ARGS)

.PHONY: agent
agent: install ## The agent as one file, dist/parity.pyz, for any Python from 3.9 on
	@exec $(BIN)/python agents/pyz.py dist/parity.pyz

##@ Other

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: clean
clean: ## Delete the data of demo and up, and caches; .venv stays
	@test ! -x $(BIN)/python || $(BIN)/python -m paritycheck.local.clean .paritycheck/demo .paritycheck
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .fuzz .chaos dist build
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

$(STAMP): uv.lock pyproject.toml agents/pyproject.toml .ci/install
	@.ci/install
	@touch $@
