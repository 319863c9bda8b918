# Two commands do everything: `make tour` and `make test`. Each sets up what it needs first.
SHELL := bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help
.PHONY: help tour lab classroom test quick check format soak minima bench screenshots pictures clean

# The first Python on the path that is new enough; or say make PYTHON=/path/to/python3.12.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

help:
	@echo 'make tour   the whole walk in this terminal: first mutually authenticated call included'
	@echo 'make lab    the course, in JupyterLab: a copy of your own, in sfmtls_lessons'
	@echo '            (FLAGS are its own; in a container: make lab FLAGS="--allow-root --ip 0.0.0.0")'
	@echo 'make classroom  a class on this machine: a JupyterHub, with a folder for each learner'
	@echo '            (FLAGS="ada grace --port 8888" names the learners; binder/hub/README.md says more)'
	@echo 'make test   every check and every test: what CI runs'
	@echo 'make check  formatting, lint, types, spelling'
	@echo 'make quick  the fast part of the tests, under a minute: run it as often as you save'
	@echo 'make format rewrite the code as `make check` wants it'
	@echo 'make soak   long runs: many learners at once, many records, other examples than those of make test'
	@echo 'make minima the tests with the oldest versions that pyproject.toml allows; make soak does it too'
	@echo 'make bench  what things cost, as ratios: connections, then the table of tests/bench/README.md'
	@echo 'make screenshots  take the pictures in tests/browser/screenshots afresh'
	@echo 'make pictures  put the drawings of the course into its notebooks'

tour: .venv/.tour
	@$(BIN)/sfmtls-nb tour

lab: .venv/.lab
	@$(BIN)/sfmtls-nb lab $(FLAGS)

classroom: .venv/.classroom
	@.ci/hub-proxy
	@$(BIN)/python binder/hub/classroom.py $(FLAGS)

# The packages of npm come while Python's are installed and the code is checked: they wait for the network.
# One test more at once than there are processors: some wait for servers and browsers.
WORKERS = $(shell $(PYTHON) -c 'import os; print(min(4, os.cpu_count() + 1))')
test:
	@.ci/system-packages
	@{ .ci/hub-proxy; .ci/node-packages; } & packages=$$!; $(MAKE) --no-print-directory check; checked=$$?; wait $$packages; exit $$checked
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# Left out: what needs a browser, a kernel, other programs or the whole project, what waits for servers, and what is marked as slow.
ELSEWHERE := tests/browser tests/classroom tests/whole tests/peers
SLOW := $(ELSEWHERE) tests/notebook tests/command $(addprefix tests/,practice/test_server.py practice/test_router.py practice/test_practice_org.py \
	connection/test_bounds.py certificates/test_keystore.py diagnose handover sign_in/test_sf.py test_session_renewal.py \
	$(addprefix query/test_,bulk_pages.py bulk_cuts.py bulk_job.py four_ways.py distributed.py pages_ahead.py))
quick: .venv/.test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 -q -m "not slow" --hypothesis-profile quick $(SLOW:%=--ignore %)

check: .venv/.test
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/codespell README.md CONTRIBUTING.md CHANGELOG.md Makefile notebooks sfmtls_nb tests

format: .venv/.test
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

soak: .venv/.test
	$(BIN)/python -m pytest tests/soak
	$(BIN)/python -m pytest -n auto --maxprocesses 4 -m hypothesis --hypothesis-profile soak
	$(MAKE) minima

# The tests with all that is installed as old as pyproject.toml says that it may be, in an environment of its own.
minima: .venv-minima/.test
	.venv-minima/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile -q $(patsubst %,--ignore %,$(ELSEWHERE))

bench: .venv/.test
	$(BIN)/python tests/bench/connections.py
	$(BIN)/python tests/bench/recording.py
	$(BIN)/python tests/bench/loading.py
	$(BIN)/python tests/bench/certificates.py
	$(BIN)/python tests/bench/table.py

screenshots: .venv/.test
	@.ci/system-packages
	SFMTLS_SCREENSHOTS=1 $(BIN)/python -m pytest tests/browser

pictures: .venv/.test
	$(BIN)/python tests/support/course_pictures.py

clean:
	rm -rf .venv .venv-minima .mypy_cache .ruff_cache .hypothesis dist

.venv/.made:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed; https://www.python.org/downloads/'; exit 1; }
	@$(PYTHON) -m venv .venv || { echo 'On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@touch $@

.venv-minima/.test: pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed; https://www.python.org/downloads/'; exit 1; }
	@$(PYTHON) -m venv .venv-minima
	@$(PYTHON) .ci/minima >.venv-minima/constraints.txt
	.venv-minima/bin/python -m pip install -q --disable-pip-version-check -c .venv-minima/constraints.txt -e '.[lab,test]'
	@touch $@

# What pip does, on one line that is written over; all of it is in .venv/install.log.
.venv/.tour: EXTRAS :=
.venv/.lab: EXTRAS := [lab]
.venv/.classroom: EXTRAS := [lab,classroom]
.venv/.test: EXTRAS := [lab,test]
.venv/.tour .venv/.lab .venv/.classroom .venv/.test: .venv/.made pyproject.toml
	@echo 'Setting up .venv (about a minute the first time) …'
	@PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --disable-pip-version-check --no-compile --progress-bar off -e '.$(EXTRAS)' 2>&1 \
		| tee .venv/install.log \
		| awk -v tty="$$(test -t 1 && echo 1)" \
			'tty && /^(Collecting|Installing|  Downloading)/ { printf "\r\033[K  %.76s", $$0; fflush() } \
			END { if (tty) printf "\r\033[K" }' \
		|| { tail -n 20 .venv/install.log; echo 'Installing failed; the whole log is .venv/install.log'; exit 1; }
	@touch $@
