# Winter River. `make` alone lists what there is to make. Everything happens in this folder's own .venv; nothing needs root.
SHELL := /bin/bash
PYTHON_HERE := .venv/bin/python
ARGS ?=
LAN ?=
SOURCES := host firmware tools tests setup.py

.PHONY: help setup setup-test run test soak bench check lock clean
.NOTPARALLEL:

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

setup:  ## make the environment; a second time it is there at once
	@tools/setup run

run: setup  ## start the site live: make run LAN=1 ARGS="seed-8 --seed 7"
	@$(PYTHON_HERE) -m winter_river run $(if $(LAN),--lan) $(ARGS)

setup-test:
	@tools/setup test

test: setup-test  ## run all tests, ten minutes at most: make test ARGS="tests/engine -x"
	@$(PYTHON_HERE) -m pytest $(ARGS)

soak: setup-test  ## run the tests that take longer, with new random cases every time
	@HYPOTHESIS_PROFILE=soak $(PYTHON_HERE) -m pytest -m soak --timeout 0 $(ARGS)

bench: setup-test  ## measure speed and memory
	@$(PYTHON_HERE) tools/bench.py $(ARGS)

check: setup-test  ## check style, types, layers, the board's dialect and words
	@$(PYTHON_HERE) -m ruff check $(SOURCES)
	@$(PYTHON_HERE) -m ruff format --check --quiet $(SOURCES) || { echo "cure: .venv/bin/ruff format $(SOURCES)"; exit 1; }
	@$(PYTHON_HERE) -m mypy
	@$(PYTHON_HERE) tools/check_layers.py
	@$(PYTHON_HERE) tools/check_dialect.py
	@$(PYTHON_HERE) tools/check_words.py

lock:  ## pin the dependencies anew (needs uv)
	@tools/lock $(ARGS)

clean:  ## remove the environment and everything generated
	rm -rf .venv build dist tests/vm/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis winter_river.egg-info host/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
