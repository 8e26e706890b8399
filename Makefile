# The commands of every day; see CONTRIBUTING.md. VENV=folder uses another environment.

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The first interpreter that is new enough and can make environments. A name that merely exists
# will not do: a version manager leaves names behind that fail when called.
FIND_PYTHON = for python in python3.11 python3.12 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$python && exit; done; \
	echo 'Python 3.11 or newer with its venv module is needed' >&2; exit 1

.NOTPARALLEL:
.PHONY: env demo test lint types tests check slow bench clean

env: $(READY)  ## make the environment, or bring it up to date

$(READY): pyproject.toml constraints.txt
	python=$$($(FIND_PYTHON)) && "$$python" -m venv "$(VENV)"
	"$(BIN)/python" -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch "$@"

demo: $(READY)  ## read the lips in a clip
	"$(BIN)/viseme" demo --out demo

test: lint types tests  ## everything that must pass before a change goes in

lint: $(READY)
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .

types: $(READY)
	"$(BIN)/mypy"

tests: $(READY)  ## one process for each core; no network: what needs an asset that is not there is skipped
	-"$(BIN)/viseme" assets fetch face_landmarker head_mesh
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -n auto --dist loadscope --cov --cov-report=term

check: lint types  ## the quick part
	"$(BIN)/python" -m pytest tests/test_architecture.py

slow: $(READY)  ## tests that take minutes
	"$(BIN)/python" -m pytest -m slow

bench: $(READY)  ## speed and memory
	"$(BIN)/python" -m benchmarks

clean:  ## remove what can be made again, the environment excepted
	rm -rf build dist demo .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
