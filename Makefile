# Few verbs. Each one sets up what it needs: the first takes a minute or two, the next nothing.
# uv is used where there is one, else python's own venv and pip.

PYTHON ?= python3
BIN := .venv/bin
INSTALL = if command -v uv >/dev/null 2>&1; \
	then uv pip install --quiet --python $(BIN)/python -c constraints.txt -e $(1); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e $(1); fi

.PHONY: run test quick models cluster cluster-stop grounding-native check dev benchmark clean

run: .venv/.base ## build the demo dataset in data/demo
	@$(BIN)/eemo demo

# The tests start hundreds of processes: each would compile the code anew where bytecode is unwanted.
test: .venv/.dev ## run all tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

# Everything but whole runs and tests/resources, whose servers and child processes take their time.
# With STAGE=critic: of the library's tests, those of that stage alone.
QUICK := tests/conventions tests/assets tests/sql
LIBRARY = $(if $(STAGE),$(or $(wildcard tests/eemo_pipeline/stages/$(STAGE) \
	tests/eemo_pipeline/stages/test_$(STAGE).py),$(error no tests of a stage $(STAGE))),tests/eemo_pipeline)
quick: .venv/.dev ## prove a change without whole runs; STAGE=critic narrows it to one stage
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadscope \
		-m 'not network and not gpu and not whole_run' $(QUICK) $(LIBRARY)

models: .venv/.models ## add torch, transformers and TRL: without them the tests of real models skip

cluster: .venv/.cluster ## start a Ray cluster of two nodes on this machine, to try EEMO_LAUNCHER=ray
	@$(BIN)/python -m resources.launchers.local_cluster start

cluster-stop: .venv/.cluster ## end it
	@$(BIN)/python -m resources.launchers.local_cluster stop

# Its setup script imports torch, so torch comes first, and nothing is isolated.
NATIVE := resources/child_models/groundingdino_native.txt
grounding-native: .venv-grounding-native/.done ## the authors' own Grounding DINO and SAM, about 6 GB

check: .venv/.dev ## format, lint, types, import contracts, Dagster definitions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/dg check defs

dev: .venv/.base ## open the Dagster UI on the data root: EEMO_DATA, else ./data, else the demo
	@$(BIN)/eemo ui --data "$${EEMO_DATA:-$$([ -d data/sources ] || [ ! -d data/demo ] && echo data || echo data/demo)}"

benchmark: .venv/.dev ## measure speed, side by side in one run
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean: ## remove the environments; data are never touched
	@rm -rf .venv .venv-grounding-native

.venv/bin/python:
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet --allow-existing --python '>=3.11,<3.13' .venv; \
	else $(PYTHON) -m venv .venv; fi

.venv/.base: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing (once)"
	@$(call INSTALL,.)
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing with development tools (once)"
	@$(call INSTALL,'.[dev]')
	@touch .venv/.base $@

.venv/.models: pyproject.toml constraints.txt | .venv/.dev
	@echo "installing torch, transformers and TRL (once)"
	@$(call INSTALL,'.[training]')
	@touch $@

.venv/.cluster: pyproject.toml constraints.txt | .venv/.base
	@echo "installing Ray (once)"
	@$(call INSTALL,'.[distributed]')
	@touch $@

.venv-grounding-native/.done: $(NATIVE)
	@echo "installing groundingdino-py and segment-anything in .venv-grounding-native (once)"
	@$(PYTHON) -m venv .venv-grounding-native
	@.venv-grounding-native/bin/pip install --quiet --disable-pip-version-check wheel 'setuptools<81'
	@.venv-grounding-native/bin/pip install --quiet --disable-pip-version-check -c $(NATIVE) torch torchvision
	@.venv-grounding-native/bin/pip install --quiet --disable-pip-version-check --no-build-isolation -r $(NATIVE)
	@touch $@
