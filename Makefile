# Two commands: `make book` and `make test`. Needs Python 3.11, pip and make; everything else goes into .venv.
#
#   PYTHON=…       the Python 3.11 that .venv is made with (default: python3.11, else a python3 or python that is 3.11)
#   PIP_ARGS=…     more arguments for pip. Plain pip brings the GPU (CUDA) build of torch on Linux; for the CPU build:
#                  make env PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
#   PYTEST_ARGS=…  more arguments for pytest, as in: make test PYTEST_ARGS="-k laws -x"
#   TEST_JOBS=2    processes that run tests; 0 for none but pytest itself, as a debugger needs
#   ARGS=…         more arguments for `vvs run` and the benchmark, as in: make run ARGS="compute_scaling -p bootstraps 100"

PYTHON ?=
PIP_ARGS ?=
PYTEST_ARGS ?=
TEST_JOBS ?= 2
ARGS ?=

# Relative paths only, so that a checkout may lie in a folder with spaces.
BIN := .venv/bin
STAMP := .venv/vvs-installed

.DEFAULT_GOAL := help
.PHONY: help env book test lint run bench clean

help: ## list the targets
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1@/p' Makefile | while IFS=@ read -r target what; do printf '%-8s %s\n' "$$target" "$$what"; done
	@sed -n 's/^#   //p' Makefile | sed 's/^/  /'

env: ## create .venv and install the pinned packages, if anything changed
	@$(FIND_OUTDATED) || { $(FIND_PYTHON) && $(INSTALL); }
	@$(BIN)/python -P vvslib/torchvision_shim.py

book: env ## run what is stale and build the book, warnings being errors
	$(BIN)/jupyter-book build book -n -W --keep-going
	@for page in _build/html/index.html book/_build/html/index.html; do \
	    if [ -f "$$page" ]; then echo "the book: $$PWD/$$page"; break; fi; \
	done

test: env lint ## check style, layering and format, then run all tests
	$(BIN)/python -m pytest -n $(TEST_JOBS) --no-loadscope-reorder $(PYTEST_ARGS)

lint: env ## check style, format and layering only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

run: env ## run the notebooks that are stale
	$(BIN)/vvs run $(ARGS)

bench: env ## time the solver against the published procedure
	$(BIN)/python benchmarks/fits.py $(ARGS)

clean: ## remove everything a build made; .venv and results/ stay
	rm -rf _build book/_build .pytest_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find vvslib tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

# How .venv comes about. The stamp holds a hash of the *contents* of requirements.txt and pyproject.toml (git touches times), and is
# written after the last step, so that an interrupted installation never looks complete.

HASH := import hashlib, pathlib; \
    print(hashlib.sha256(b"".join(pathlib.Path(p).read_bytes() for p in ("requirements.txt", "pyproject.toml"))).hexdigest())

FIND_OUTDATED = \
    key=$$($(BIN)/python -c '$(HASH)' 2>/dev/null) && [ "$$key" = "$$(cat $(STAMP) 2>/dev/null)" ]

FIND_PYTHON = \
    chosen="$(PYTHON)"; found=""; python=""; \
    for candidate in "$${chosen:-python3.11}" "$${chosen:-python3}" "$${chosen:-python}"; do \
        version=$$("$$candidate" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue; \
        case $$version in \
            3.11.*) python=$$candidate; break ;; \
            [0-9]*) found="$${found:+$$found, }$$candidate is $$version" ;; \
        esac; \
        [ -z "$$chosen" ] || break; \
    done; \
    if [ -z "$$python" ]; then \
        nothing="$${chosen:-no python3.11, python3 or python}$${chosen:+ is no Python that runs}"; \
        echo "Python 3.11 is needed, but $${found:-$$nothing}: install Python 3.11, or name one with make PYTHON=/path/to/python3.11" >&2; \
        exit 1; \
    fi

# A package whose RECORD is missing was being installed when pip was stopped; pip would take it for installed.
FORGET_HALF_INSTALLED := import pathlib, shutil, sysconfig; \
    [shutil.rmtree(d) for d in pathlib.Path(sysconfig.get_paths()["purelib"]).glob("*.dist-info") if not (d / "RECORD").is_file()]

INSTALL = \
    rm -f $(STAMP); \
    if ! { $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' && $(BIN)/python -m pip --version; } >/dev/null 2>&1; then \
        echo "creating .venv with $$python ($$version)"; \
        "$$python" -m venv --clear .venv || { \
            rm -rf .venv; \
            echo "$$python could not create .venv: install its venv module (Debian: apt install python3.11-venv)" >&2; exit 1; }; \
    fi; \
    $(BIN)/python -c '$(FORGET_HALF_INSTALLED)' || exit 1; \
    echo "installing requirements.txt into .venv"; \
    $(BIN)/python -m pip install --disable-pip-version-check --no-compile -r requirements.txt $(PIP_ARGS) || { \
        echo "the installation did not finish; .venv is incomplete until make env succeeds" >&2; exit 1; }; \
    $(BIN)/python -m pip check || exit 1; \
    $(BIN)/python -c '$(HASH)' > $(STAMP).partial && mv $(STAMP).partial $(STAMP) && echo "installed"
