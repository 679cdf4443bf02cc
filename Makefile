# Winter River. `make` alone lists what there is to make. Everything happens in this folder's own .venv; nothing needs root.
SHELL := /bin/bash
PYTHON_HERE := .venv/bin/python
ARGS ?=
LAN ?=
NODES ?=
FAST ?=
SOURCES := host firmware tools tests setup.py

# Settings of an installation as a service: see tools/service
HOTSPOT ?=
LAN_ADDRESS ?=
DESTDIR ?=
ENVIRONMENT ?=
PURGE ?=

# Settings of a board: make flash NODE=ups_a PORT=/dev/ttyUSB0
NODE ?=
PORT ?=
BOARD ?=
FACILITY ?=
IMAGE ?=
ESPTOOL_FLAGS ?=
THIS_BOARD = $(if $(PORT),--port '$(PORT)') $(if $(BOARD),--board '$(BOARD)') $(if $(FACILITY),--facility '$(FACILITY)')

.PHONY: help setup setup-test setup-bench setup-board run service service-uninstall test soak chaos pictures bench check lock clean flash deploy mount monitor boards need-node
.NOTPARALLEL:

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' Makefile | expand -t 16

setup:  ## make the environment; with FAST=1 the compiled engine too, for large sites and long studies
	@tools/setup $(if $(FAST),fast,run)

run: setup  ## start the site live: make run NODES=vm LAN=1 ARGS="seed-8 --seed 7"
	@$(PYTHON_HERE) -m winter_river run $(if $(LAN),--lan) $(if $(NODES),--nodes '$(NODES)') $(ARGS)

service:  ## install it as a service of this machine: sudo make service HOTSPOT=wlan0 LAN=1
	@LAN='$(LAN)' LAN_ADDRESS='$(LAN_ADDRESS)' HOTSPOT='$(HOTSPOT)' DESTDIR='$(DESTDIR)' ENVIRONMENT='$(ENVIRONMENT)' \
	  tools/service install

service-uninstall:  ## take that service away again; PURGE=1 its settings and data, too
	@DESTDIR='$(DESTDIR)' PURGE='$(PURGE)' tools/service uninstall

setup-test:
	@tools/setup test

test: setup-test  ## run all tests, a quarter of an hour or so: make test ARGS="tests/engine -x"
	@$(PYTHON_HERE) -m pytest -n 2 --dist loadfile $(ARGS)

soak: setup-test  ## run the tests that take longer, a quarter of an hour, with new random cases every time
	@HYPOTHESIS_PROFILE=soak $(PYTHON_HERE) -m pytest -m soak --timeout 900 -n 4 --dist worksteal --durations=12 $(ARGS)

chaos: setup-test  ## do to a real site what happens in the field, an hour; 1 where something did not hold
	@PYTHONPATH=tools $(PYTHON_HERE) -m chaos $(ARGS)

pictures: setup-test  ## take the pictures of the README and the guide anew
	@PICTURES=1 $(PYTHON_HERE) -m pytest -q -n 0 tests/page/test_pictures.py -k "not shown"
	@cp build/page/pictures/*.png host/winter_river/web/ui/pictures/
	@$(PYTHON_HERE) tools/build_page.py

setup-bench:
	@tools/setup bench

bench: setup-bench  ## measure speed and memory, against peers where there are any
	@$(PYTHON_HERE) tools/bench.py $(ARGS)

check: setup-test  ## check style, types (the page's, too), layers, the board's dialect and words
	@$(PYTHON_HERE) -m ruff check $(SOURCES)
	@$(PYTHON_HERE) -m ruff format --check --quiet $(SOURCES) || { echo "cure: .venv/bin/ruff format $(SOURCES)"; exit 1; }
	@$(PYTHON_HERE) -m mypy
	@$(PYTHON_HERE) tools/check_layers.py
	@$(PYTHON_HERE) tools/check_dialect.py
	@$(PYTHON_HERE) tools/check_words.py
	@$(PYTHON_HERE) tools/build_page.py --types

setup-board:
	@tools/setup board

need-node:
	@[ -n "$(NODE)" ] || { echo "name the node that the board becomes: make $(MAKECMDGOALS) NODE=ups_a"; exit 2; }

flash: need-node setup-board  ## write all on a board: make flash NODE=ups_a PORT=/dev/ttyUSB0
	@$(PYTHON_HERE) -m winter_river board flash $(NODE) $(THIS_BOARD) $(if $(IMAGE),--image '$(IMAGE)') \
	  $(if $(ESPTOOL_FLAGS),--esptool-flags='$(ESPTOOL_FLAGS)') $(ARGS)

deploy: need-node setup-board  ## bring a board's files up to date, only what changed
	@$(PYTHON_HERE) -m winter_river board deploy $(NODE) $(THIS_BOARD) $(ARGS)

mount: need-node setup-board  ## run a board from the files here, without copying them
	@$(PYTHON_HERE) -m winter_river board mount $(NODE) $(THIS_BOARD) $(ARGS)

monitor: setup-board  ## open a board's console
	@$(PYTHON_HERE) -m winter_river board monitor $(if $(PORT),--port '$(PORT)') $(ARGS)

boards: setup-board  ## list the boards that are connected and supported
	@$(PYTHON_HERE) -m winter_river board list $(ARGS)

lock:  ## pin the dependencies anew (needs uv)
	@tools/lock $(ARGS)

clean:  ## remove the environment and everything generated
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis winter_river.egg-info host/*.egg-info
	rm -rf host/winter_river/web/ui/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
