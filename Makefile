# make help lists what there is. Each target sets up .venv by itself when it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_ALL := $(VENV)/.ready-all
PEERS_READY := benchmarks/.venv/.ready
ARGS ?=
# test-lowest and test-newest set up environments of their own, of other versions.
VERSIONS := --constraint requirements/tested.txt
# On all cores up to four, for memory; several torch threads in each process would hinder each other.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses=4 --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: help setup train sweep paper paper-more box generalise test test-all test-lowest \
	test-newest bench lint format type tensorboard clean

empty :=
comma := ,
joined = $(subst $(empty) ,$(comma),$(addprefix paper/,$(1)))
PAPER := unet_1 unet_1_lr unet_batch_128 unet_batch_32 unet_dropout_01 unet_dropout_03 \
	unet_dropout_05 unet_binary_crossentropy unet_better unet_1_per_pixel
WISHED := unet_batch_32_augmented unet_batch_32_dice unet_batch_32_filters_32
GROUPED := unet_1 unet_batch_32
SWEEPS := outputs/sweeps
# Jobs that begin together began in no order.
BASELINE := --baseline $(SWEEPS)/paper/experiment=paper-unet_1

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Create .venv with everything, at the versions in requirements/tested.txt

$(READY): pyproject.toml requirements/tested.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "crackseg needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install $(VERSIONS) --editable '.[dev]'
	@touch $@

$(READY_ALL): $(READY)
	$(BIN)/pip install $(VERSIONS) --editable '.[dev,all]'
	@touch $@

$(PEERS_READY): $(READY) benchmarks/requirements.txt
	$(BIN)/python -m benchmarks.environment
	@touch $@

train: $(READY) ## Train; make train ARGS="data=folder data.root=FOLDER" for your own data
	$(BIN)/python train.py $(ARGS)

sweep: $(READY) ## Train over the report's learning rates and dropouts, and compare
	$(BIN)/python train.py -m optimizer.lr=1e-3,1e-4 model.dropout=0.1,0.3,0.5 $(ARGS)

paper: $(READY) ## Train the report's runs and compare them; type it again to go on after a break
	$(BIN)/python train.py -m hydra.sweep.dir=$(SWEEPS)/paper experiment=$(call joined,$(PAPER)) $(ARGS)
	$(BIN)/crackseg report $(SWEEPS)/paper $(BASELINE) --output $(SWEEPS)/paper.html

paper-more: paper ## Also what the report wished for, two by photograph, and two more seeds
	$(BIN)/python train.py -m hydra.sweep.dir=$(SWEEPS)/paper_wished experiment=$(call joined,$(WISHED)) $(ARGS)
	$(BIN)/python train.py -m hydra.sweep.dir=$(SWEEPS)/paper_grouped data.split=grouped \
		experiment=$(call joined,$(GROUPED)) $(ARGS)
	$(BIN)/python train.py -m hydra.sweep.dir=$(SWEEPS)/paper_seeds seed=1,2 \
		experiment=$(call joined,$(PAPER) $(WISHED)) $(ARGS)
	$(BIN)/crackseg report $(SWEEPS)/paper $(addprefix $(SWEEPS)/paper_,wished seeds grouped) \
		$(BASELINE) --output $(SWEEPS)/paper_more.html

box: $(READY_ALL) ## Make the networks that come with crackseg anew; DATA=FOLDER holds their photographs
	$(BIN)/python -m box make $(if $(DATA),--data "$(DATA)") $(ARGS)

generalise: $(READY_ALL) ## How far the recipe carries: leave out each family of sources; DATA=FOLDER
	$(BIN)/python -m box generalise $(if $(DATA),--data "$(DATA)") $(ARGS)

test: $(READY) ## Run the tests (without the slow ones)
	$(PYTEST) $(ARGS)

test-all: $(READY_ALL) ## Run all tests, with all extras installed
	$(PYTEST) -m 'slow or not slow' $(ARGS)

test-lowest: ## Run the tests with the oldest versions that pyproject.toml allows
	$(MAKE) test VENV=.venv-lowest VERSIONS='--constraint requirements/lowest.txt'

test-newest: ## Run the tests with the newest versions that there are today
	rm -f .venv-newest/.ready
	$(MAKE) test VENV=.venv-newest VERSIONS='--upgrade --upgrade-strategy eager'

bench: $(PEERS_READY) ## Compare the speed with what others use; make bench ARGS="--rows training --quick"
	$(BIN)/python -m benchmarks.run $(ARGS)

lint: $(READY) ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## Mend style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

type: $(READY) ## Check types, for Windows too
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

tensorboard: $(READY) ## Look at the curves of all runs
	$(BIN)/tensorboard --logdir outputs $(ARGS)

clean: ## Remove caches of tools; with RUNS=yes the runs, with DATA=yes the made and cached data too
	rm -rf .mypy_cache .ruff_cache .pytest_cache build *.egg-info
	find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +
	$(if $(filter yes,$(RUNS)),rm -rf outputs/runs outputs/sweeps outputs/evaluations outputs/predictions)
	$(if $(filter yes,$(DATA)),rm -rf outputs/data outputs/cache)
