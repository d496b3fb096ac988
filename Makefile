# A fresh machine needs Python 3.11 or newer and make; the rest is set up in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
LOCK   := requirements.lock
COUNT  ?= 2000
DEMO   ?= golden/shijiazhuang-2024/excerpt.pdf

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test heavy lint bench mutation lies golden lock clean

# Findings in the document (exit 1) are a result; wrong use (2) and "could not run" (3) are not.
demo: $(READY)
	$(BIN)/structurer extract $(DEMO) -o out/demo || [ $$? -eq 1 ]

test: lint
	$(BIN)/python -m pytest --snapshot-strict

# pytest exits 5 exactly when there is no test to run.
heavy: $(READY)
	$(BIN)/python -m pytest -m heavy || [ $$? -eq 5 ]

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(READY)
	$(BIN)/python -m pytest benchmarks --benchmark-columns=min,median,rounds

# Minutes: every planted error is checked alone and against the document.
mutation: $(READY)
	$(BIN)/python -m benchmarks.mutation --seed 7 --count $(COUNT)

# Minutes: every lie is told to a real client, and told again when it is asked again.
lies: $(READY)
	$(BIN)/python -m benchmarks.model_lies --count $(COUNT)

golden: $(READY)
	$(BIN)/python -m pytest -m "heavy or not heavy" tests/test_golden.py

$(READY): pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: $(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "make: $(PYTHON) has no venv or ensurepip; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) pip
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --build-constraint $(LOCK) --editable .[ocr] --group dev
	@touch $@

# Resolve anew, in an environment with nothing else in it, and write down what came out.
lock:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip hatchling
	$(BIN)/python -m pip install --quiet --editable .[ocr] --group dev
	@sed -n '/^#/p' $(LOCK) > $(LOCK).new
	$(BIN)/python -m pip freeze --all --exclude-editable --exclude setuptools >> $(LOCK).new
	mv $(LOCK).new $(LOCK)

clean:
	rm -rf $(VENV) out dist build .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find structurer tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
