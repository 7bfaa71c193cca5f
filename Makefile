# Two commands for a newcomer: `make demo` and `make test`. The rest is beside them.
SHELL := bash
STACK := .venv/bin/python -m infra.stack
TEST := PRECRISIS_STATE=$(CURDIR)/.run-test PRECRISIS_PORT_BASE=19000 PRECRISIS_CITY_PACK=$(CURDIR)/tests/city

.PHONY: help demo test up down status check clean lock install docs notices lawfulness tls audit fuzz attacks bench exercise replay evidence scale
help:            ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/'

install:
	@infra/install.sh

demo: install    ## everything from a bare machine to dashboard, alert and report
	@$(STACK) demo

up: install      ## set up and start the services, without running the samples
	@$(STACK) up

down:            ## stop every service
	@$(STACK) down

status:          ## exit 0 only when every service truly answers
	@$(STACK) status

clean:           ## stop and remove the state folder with all its data
	@$(STACK) clean

check: install   ## style, layers, SQL, dbt, generated docs
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@PYTHONPATH=.:plugins .venv/bin/lint-imports
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.docs --check
	@.venv/bin/dbt parse -q --project-dir dbt --profiles-dir dbt
	@.venv/bin/sqlfluff lint dbt/models

tls: install     ## an authority and certificates for trials of PRECRISIS_TLS=on
	@$(STACK) tls

test: check      ## the checks, then the whole suite against real services on ports of its own
	@$(TEST) $(STACK) test

FUZZ_SECONDS ?= 600
fuzz: install    ## everything that reads outside input, with made-up input, for FUZZ_SECONDS
	@FUZZ_SECONDS=$(FUZZ_SECONDS) .venv/bin/python -m pytest -q tests/fuzz

# LOCK_FLAGS= keeps every pin that still fits, for adding one package
LOCK_FLAGS ?= --upgrade
LOCK = .venv-uv/bin/uv pip compile -q $(LOCK_FLAGS) --python-version 3.11 --no-emit-find-links --no-annotate \
  --generate-hashes --custom-compile-command "make lock"
lock:            ## resolve requirements anew, with hashes
	links="$${UV_FIND_LINKS:-$$(python3 -m pip config get global.find-links 2>/dev/null)}"; \
	  if [ -n "$$links" ]; then export UV_FIND_LINKS="$$links"; else export UV_TORCH_BACKEND=cpu; fi; \
	  $(LOCK) --no-emit-package torch infra/requirements/platform.in -o requirements.txt
	$(LOCK) infra/requirements/superset.in -o infra/requirements/superset.txt
	$(LOCK) infra/requirements/audit.in -o infra/requirements/audit.txt
	$(LOCK) --no-deps infra/requirements/attacks.in -o infra/requirements/attacks.txt

audit: install   ## licences, bill of materials (build/sbom), known vulnerabilities
	@infra/install.sh audit
	@.venv/bin/python -m infra.audit

attacks: install ## attack the evidence pictures; needs the research data (PRECRISIS_EVAL_DATA)
	@infra/install.sh attacks
	@PYTHONPATH=.:plugins .venv/bin/python -m tests.attacks

bench: install   ## what the camera models cost beside decoding alone, on this machine
	@PYTHONPATH=.:plugins OMP_NUM_THREADS=1 .venv/bin/python -m tests.bench

exercise: install ## play the staged scenarios on the running stack, and judge what was alerted
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.exercise

replay: install  ## make a past alert again from what it kept (ALERT=id)
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.alert replay "$(ALERT)"

evidence: install ## pack what may be handed on about an alert (ALERT=id REASON="why"), and log it
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.alert evidence "$(ALERT)" --reason "$(REASON)"

N ?= 100000
scale:           ## what N made-up incidents in 5,000 zones cost the warehouse; a stack must be up
	@set -a; source $${PRECRISIS_STATE:-.run}/env; set +a; PYTHONPATH=.:plugins \
	  .venv/bin/python -m tests.bench.scale --incidents $(N)

lawfulness:      ## record the last results of the tests that prove the requirements
	@PRECRISIS_STATE=$(CURDIR)/.run-test .venv/bin/python -m infra.lawfulness
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.docs

PACK ?= infra/city/trento
notices: install ## the hashes that the register of a city pack must hold (PACK=folder)
	@PYTHONPATH=.:plugins PRECRISIS_SAMPLES=none PRECRISIS_FEED_URL=none PRECRISIS_CITY_PACK=$(PACK) \
	  .venv/bin/python -m precrisis.documents $(PACK)

docs: install    ## write the generated tables of README and docs
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.docs
