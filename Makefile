# The commands of every day; see CONTRIBUTING.md. VENV=folder uses another environment.

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST = OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest -n auto --dist loadscope --max-worker-restart 0

# What others made and the tests need; those that are slow need whisper's, too.
ASSETS := face_landmarker head_mesh kokoro_vocab kokoro_voices $(addprefix kokoro_model_,1 2 3 4)
WHISPER := whisper_base_1 whisper_base_2 whisper_tiny_en

# Kernels differ by processor; these are those of one that has AVX2 and nothing newer.
AVX2 := ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2
NUMERIC := $(addprefix tests/,nn systems recognition train audio metrics)

# The first interpreter that is new enough and can make environments. A name that merely exists
# will not do: a version manager leaves names behind that fail when called.
FIND_PYTHON = for python in python3.11 python3.12 python3; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& command -v $$python && exit; done; \
	echo 'Python 3.11 or newer with its venv module is needed' >&2; exit 1

.NOTPARALLEL:
.PHONY: env demo test lint types tests assets avx2 check slow bench clean

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

tests: assets  ## one process for each core; what needs an asset that cannot be had is skipped
	$(PYTEST) --cov --cov-report=term

assets: $(READY)  ## fetch what the tests need of others, once
	-"$(BIN)/viseme" assets fetch $(ASSETS) >/dev/null

avx2: $(READY)  ## the numeric tests, with the kernels that an older processor runs
	$(AVX2) $(PYTEST) $(NUMERIC)

check: lint types  ## the quick part
	"$(BIN)/python" -m pytest tests/test_architecture.py

slow: assets  ## tests that take minutes, and all the others as an older processor runs them
	-"$(BIN)/viseme" assets fetch $(WHISPER) >/dev/null
	"$(BIN)/python" -m pytest -m slow --timeout 3600
	$(AVX2) $(PYTEST)

bench: $(READY)  ## speed and memory
	"$(BIN)/python" -m benchmarks

clean:  ## remove what can be made again, the environment excepted
	rm -rf build dist demo .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
