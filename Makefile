# Each target makes its own .venv when there is none; nothing else has to be installed by hand.
PYTHON ?= python3.11
BIN := .venv/bin
OUT ?= out

.PHONY: demo test check bench clean

demo: .venv/.user  ## install, then write two melodies and a band of eight bars to out/
	$(BIN)/antiphon generate bar --bars 8 --num 2 --seed 7 --out $(OUT)
	$(BIN)/antiphon generate band --bars 8 --seed 7 --tracks drums,piano,guitar,bass,strings --out $(OUT)

test: .venv/.dev  ## the whole test suite
	$(BIN)/python -m pytest -n auto --dist worksteal

check: .venv/.dev  ## lint, types, architecture and the fast tests, in under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow"

bench: .venv/.dev  ## every speed, memory and quality figure of the README
	$(BIN)/python -m benchmarks

.venv/bin/python:
	$(PYTHON) -m venv .venv || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.user: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing the package and what it needs, some minutes the first time"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	@echo "installing the package and its tools, some minutes the first time"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@ .venv/.user

clean:  ## remove what the other targets made
	rm -rf .venv $(OUT) .pytest_cache .mypy_cache .ruff_cache
