# Two commands for a newcomer: `make demo` and `make test`. The rest is beside them.
SHELL := bash
STACK := .venv/bin/python -m infra.stack
TEST := PRECRISIS_STATE=$(CURDIR)/.run-test PRECRISIS_PORT_BASE=19000 PRECRISIS_CITY_PACK=$(CURDIR)/tests/city

.PHONY: help demo test up down status check clean lock install docs notices
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

test: check      ## the checks, then the whole suite against real services on ports of its own
	@$(TEST) $(STACK) test

lock:            ## resolve requirements anew
	UV_FIND_LINKS="$${UV_FIND_LINKS:-$$(python3 -m pip config get global.find-links 2>/dev/null)}" \
	  .venv-uv/bin/uv pip compile -q --upgrade --python-version 3.11 --no-emit-find-links --no-annotate \
	  --custom-compile-command "make lock" infra/requirements/platform.in -o requirements.txt
	sed -i -E 's/^(torch==[0-9.]+)\+cpu/\1/' requirements.txt
	.venv-uv/bin/uv pip compile -q --upgrade --python-version 3.11 --no-annotate \
	  --custom-compile-command "make lock" infra/requirements/superset.in -o infra/requirements/superset.txt

PACK ?= infra/city/trento
notices: install ## the hashes that the register of a city pack must hold (PACK=folder)
	@PYTHONPATH=.:plugins PRECRISIS_SAMPLES=- PRECRISIS_FEED_URL=- .venv/bin/python -m precrisis.documents $(PACK)

docs: install    ## write the generated tables of README and docs
	@PYTHONPATH=.:plugins .venv/bin/python -m infra.docs
