# Two commands: `make run` starts the arena, `make test` checks everything.
#
# PYTHON       the interpreter to make .venv with, 3.11 or newer
# TORCH_INDEX  an extra package index for PyTorch, where the usual one only has builds for GPUs

PYTHON ?= python3
TORCH_INDEX ?=
TORCH := $(shell grep '^torch==' requirements.txt)
VENV := .venv
IN := $(VENV)/bin/python
LOCK := $(shell cat requirements.txt | sha256sum | cut -c1-16)
DEV_LOCK := $(shell cat requirements.txt requirements-dev.txt | sha256sum | cut -c1-16)
INSTALLED := $(VENV)/.installed-$(LOCK)
DEV_INSTALLED := $(VENV)/.installed-dev-$(DEV_LOCK)

.PHONY: run test bench screenshots lock
.DELETE_ON_ERROR:

run: $(INSTALLED)
	@$(IN) manage.py set_up
	@exec $(IN) manage.py arena

test: $(DEV_INSTALLED)
	@sh tests/system_packages.sh
	@$(IN) -m tests

bench: $(DEV_INSTALLED)
	@$(VENV)/bin/uv pip install --quiet --python $(IN) -r requirements-bench.txt
	@$(IN) -m tests.bench

screenshots: $(DEV_INSTALLED)
	@sh tests/system_packages.sh
	@$(IN) -m tests.browser.screenshots

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "MixArena needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo missing)." >&2; \
	  echo "Install one, and name it: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "The virtual environment could not be made. On Debian: apt-get install python3-venv" >&2; exit 2; }
	@# pip chooses the build of PyTorch, and uv keeps it: uv does not read pip's configuration.
	$(IN) -m pip install --quiet --disable-pip-version-check uv $(TORCH) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

$(INSTALLED): $(VENV)/bin/uv
	$(VENV)/bin/uv pip install --quiet --python $(IN) -r requirements.txt
	@rm -f $(VENV)/.installed-*
	@touch $@

$(DEV_INSTALLED): $(INSTALLED)
	$(VENV)/bin/uv pip install --quiet --python $(IN) -r requirements-dev.txt
	@touch $@

# Writes both locks anew. PyTorch's own choice of GPU libraries stays out of them.
lock: $(VENV)/bin/uv
	@sh tests/lock.sh $(VENV)/bin/uv
