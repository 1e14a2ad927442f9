# One command each. `make run` is all a newcomer needs.
#
#   PYTHON=python3.12 make setup      another Python than the first good one found
#   TORCH_INDEX=https://download.pytorch.org/whl/cpu make setup     PyTorch without CUDA (200 MB instead of 3 GB)
#   make test ARGS="tests/bot -k config"

PYTHON ?=
TORCH_INDEX ?=
ARGS ?=
# How many processes share the tests; a module stays with one of them.
TEST_PROCESSES ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# PyTorch's threads must not spin while they wait: the page and the worker share the processor.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: run setup test check fix bench docs clean

run: setup
	@exec $(BIN)/python bot.py run $(ARGS)

setup: $(VENV)/.installed

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

fix: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev
	$(BIN)/python -m tests.speed $(ARGS)

docs: $(VENV)/.installed-dev
	$(BIN)/python -m tests.documents

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@set -e; found=; \
	for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	  if command -v "$$python" >/dev/null && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	    found="$$python"; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Danqing needs Python 3.11 or newer. Install it, then run: make PYTHON=/path/to/python3.11" >&2; \
	  echo "丹青需要 Python 3.11 或更高版本。安装后运行：make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$found lacks the venv module. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
	  echo "$$found 缺少 venv 模块。Debian 和 Ubuntu 上请运行：sudo apt install python3-venv" >&2; \
	  exit 1; \
	fi; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV); this happens once and takes a few minutes. 正在安装，只需一次，请稍等几分钟。"
ifneq ($(TORCH_INDEX),)
	$(PIP) install --index-url $(TORCH_INDEX) $(shell grep '^torch==' constraints.txt)
endif
	$(PIP) install -c constraints.txt -e .
# Without what it says it depends on: torchvision goes with no torch but its own, and is not needed.
	$(PIP) install -c constraints.txt --no-deps spandrel einops
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@
