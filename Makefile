.DEFAULT_GOAL := help
.PHONY: help demo up down inbox load burst sam-local test soak lint format requirements openapi clean

PYTHON := .venv/bin/python
HOST_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.venv-sam/bin:$(PATH)
export PYTHONPATH := layers/failover
export SAM_CLI_TELEMETRY := 0

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/ready ## the whole product in a minute: an unread Messenger message fails over to an SMS
	@$(PYTHON) -m local demo

up: .venv/ready ## the stack on this machine; writes .local/credentials.env
	@$(PYTHON) -m local up

down: .venv/ready ## stop it and forget what it held
	@$(PYTHON) -m local down

inbox: .venv/ready ## print the local account's webhooks as they come
	@$(PYTHON) -m local inbox

sam-local: .venv/ready ## every function by `sam local invoke`, and one request by `sam local start-api`; needs Docker, or root and dockerd
	@$(PYTHON) -m local sam-local

load: .venv/ready ## 2,000 workflows of every outcome, then what was lost or came twice; WORKFLOWS=2000 RATE=2 FAULTS=kill|aws|slow
	@$(PYTHON) -m local load

burst: .venv/ready ## 450 requests in a hurry right after the start: figures, and nothing may be refused
	@$(PYTHON) -m local burst

test: .venv/ready ## every test, the deployed stack included
	@$(PYTHON) -m pytest -n 3

soak: HISTORIES ?= 50000
soak: SEED := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
soak: .venv/ready ## 50,000 new histories full of faults; SEED=… repeats them, HISTORIES=… makes more or fewer
	@echo "make soak SEED=$(SEED) HISTORIES=$(HISTORIES)"
	@SEED=$(SEED) HISTORIES=$(HISTORIES) $(PYTHON) -m pytest -n 2 -q tests/lives/test_lives.py

lint: .venv/ready .venv-checkov/ready ## format, types, template, state machine
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	cfn-lint template.yaml
	env -u PYTHONPATH .venv-checkov/bin/checkov --config-file .checkov.yaml
	AWS_DEFAULT_REGION=eu-west-1 sam validate --lint

format: .venv/ready ## rewrite the code in its one format
	@ruff check --fix . ; ruff format .

requirements: .venv/ready ## pin the dependencies of pyproject.toml and of tests/clients
	@local/compile-requirements

openapi: .venv/ready ## write the OpenAPI document anew from the code
	@$(PYTHON) -m local.openapi

clean: ## stop the local stack, and remove everything that was built or installed
	@if [ -e .local/engines.json ] && [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi
	@rm -rf .venv .venv-sam .venv-checkov .local .aws-sam .hypothesis .pytest_cache .mypy_cache .ruff_cache

.venv/ready: local/setup requirements-dev.txt requirements-sam.txt requirements-uv.txt requirements-node.txt
	@PATH="$(HOST_PATH)" local/setup

.venv-checkov/ready: .venv/ready requirements-checkov.txt
	@PATH="$(HOST_PATH)" local/setup checkov
