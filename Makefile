# `make demo` and `make test` each work alone on a machine with Python 3.11.
ifeq ($(OS),Windows_NT)
PYTHON ?= py -3.11
PYTHON_52 ?= py -3.13
PROGRAMS := Scripts
else
PYTHON ?= python3.11
PYTHON_52 ?= python3.13
PROGRAMS := bin
endif
VENV := .venv
RUN := $(VENV)/$(PROGRAMS)/python
# Blender 5.2's bpy wants Python 3.13; its tests use the engine in $(VENV) as their worker.
VENV_52 := .venv-5.2
RUN_52 := $(VENV_52)/$(PROGRAMS)/python

.PHONY: demo test check package benchmark rigs train test-5.2 clean

demo: $(VENV)/.installed
	$(RUN) -m sample_rigs.demo

test: check
	$(RUN) -m pytest

check: $(VENV)/.installed
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pyright

package: $(VENV)/.installed
	$(RUN) -m release.build_extension

benchmark: $(VENV)/.installed
	$(RUN) -m benchmarks.table
	$(RUN) -m benchmarks.model
	$(RUN) -m benchmarks.retarget
	$(RUN) -m benchmarks.avatars
	$(RUN) -m benchmarks.transfer
	$(RUN) -m benchmarks.transfer_contacts
	$(RUN) -m benchmarks.video

rigs: $(VENV)/.installed
	$(RUN) -m sample_rigs.build_head
	$(RUN) -m sample_rigs.build_toons
	$(RUN) -m sample_rigs.contact_sheet
	$(RUN) -m sample_rigs.toon_sheets

train: $(VENV)/.installed
	$(RUN) -m engine train engine/train/performance.toml

test-5.2: $(VENV)/.installed $(VENV_52)/.installed
	$(RUN_52) -m pytest tests/blender_addon

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[video,blender,pictures,train,dev]"
	$(RUN) -c "open('$@', 'w').close()"

$(VENV_52)/.installed: pyproject.toml
	$(PYTHON_52) -m venv $(VENV_52)
	$(RUN_52) -m pip install --quiet --disable-pip-version-check "bpy>=5.2,<5.3" "numpy>=1.26,<3" \
		"pytest>=8,<10" "hypothesis>=6.100,<7" "pytest-benchmark>=5,<6" "pygltflib>=1.16,<2"
	$(RUN_52) -c "open('$@', 'w').close()"

clean:
	rm -rf $(VENV) $(VENV_52) out dist build
