# A fresh machine needs Python 3.11 or newer and make; the rest is set up in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
PEERS  := $(VENV)/peers
LOCK   := requirements.lock
COUNT  ?= 2000
# The whole disclosures are no part of the checkout.
WHOLE  := $(wildcard ../shared/disclosures/*-[0-9][0-9][0-9][0-9].pdf)
DEMO   ?= golden/shijiazhuang-2024/excerpt.pdf

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test heavy lint bench mutation lies golden scoreboard lock clean

# Findings in the document (exit 1) are a result; wrong use (2) and "could not run" (3) are not.
demo: $(READY)
	$(BIN)/structurer extract $(DEMO) -o out/demo || [ $$? -eq 1 ]

test: lint
	$(BIN)/python -m pytest --snapshot-strict --numprocesses auto --dist loadfile

# pytest exits 5 exactly when there is no test to run.
heavy: $(READY)
	$(BIN)/python -m pytest -m heavy || [ $$? -eq 5 ]

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Ten minutes, most of them of the tools that are compared; writes docs/benchmarks.md.
bench: $(PEERS)
	$(BIN)/python -m pytest benchmarks --benchmark-columns=min,median,rounds
	$(BIN)/python -m benchmarks.write_up

# Minutes: every planted error is checked alone and against the document. Findings (exit 1) of a document are none here.
mutation: $(READY)
	rm -rf out/mutation
	for each in $(or $(WHOLE),$(wildcard golden/*/excerpt.pdf)); do \
	  $(BIN)/structurer extract $$each -o out/mutation/$$(basename $$(dirname $$each)) >/dev/null || [ $$? -eq 1 ] || exit; \
	done
	$(BIN)/structurer golden mutate $$(printf -- '--result %s ' out/mutation/*/*.json) \
	  --count $(COUNT) --seed 7 --workers 2

# Minutes: every lie is told to a real client, and told again when it is asked again.
lies: $(READY)
	$(BIN)/python -m benchmarks.model_lies --count $(COUNT)

golden: $(READY)
	$(BIN)/structurer golden verify -o golden
	$(BIN)/structurer golden score -o golden

# Half an hour, most of it for the scans; writes docs/scoreboard.md.
scoreboard: $(READY)
	$(BIN)/python -m benchmarks.scoreboard --out docs/scoreboard.md

$(READY): pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: $(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "make: $(PYTHON) has no venv or ensurepip; install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) pip
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --build-constraint $(LOCK) --editable .[ocr] --group dev
	@touch $@

# Nothing else needs the tools that are compared.
$(PEERS): $(READY)
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --group bench
	@touch $@

# Resolve anew, in an environment with nothing else in it, and write down what came out.
lock:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip hatchling
	$(BIN)/python -m pip install --quiet --editable .[ocr] --group dev --group bench
	@sed -n '/^#/p' $(LOCK) > $(LOCK).new
	$(BIN)/python -m pip freeze --all --exclude-editable --exclude setuptools >> $(LOCK).new
	mv $(LOCK).new $(LOCK)

clean:
	rm -rf $(VENV) out dist build .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find structurer tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
