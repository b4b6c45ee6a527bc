SHELL := /bin/sh
UV_VERSION := 0.13.9
# A uv on PATH is used; else one is put inside the project, never into the system.
UV := $(or $(shell command -v uv 2>/dev/null),$(CURDIR)/.standoff/uv/bin/uv)
export STANDOFF_UV := $(UV)
# The lock files must read the same from whatever machine and index they were made.
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links $(UPGRADE)

# One process a core, for tests that share no server.
PARALLEL := .venv/bin/pytest -n auto
.PHONY: roundtrip lint check test test-all wheel golden lock clean
VERSION ?= $(shell sed -n 's/^version: *//p' CITATION.cff)
roundtrip: .venv/ready  ## the whole way once, through a real Label Studio
	.venv/bin/standoff roundtrip
lint: .venv/ready  ## style, types, import contracts
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy --strict
	.venv/bin/lint-imports
check: lint  ## and the fast tests
	$(PARALLEL) -m "not (server or browser or postgres or matrix or hub)"
test: .venv/ready  ## all that needs no root, with a real Label Studio
	$(PARALLEL) --cov -m "not (server or browser or postgres or matrix)"
	.venv/bin/pytest --cov --cov-append -m "server and not (browser or postgres)"
test-all: .venv/ready  ## what is left: 5 is pytest's exit code for "nothing collected"
	.venv/bin/pytest -m "browser or postgres or matrix" || { test $$? -eq 5 && \
	echo "test-all: none yet: no test is marked browser, postgres or matrix"; }
wheel: .venv/ready  ## wheel and sdist that carry the release VERSION
	rm -rf build/wheel dist
	.venv/bin/standoff build $(VERSION) --out build/wheel
	.venv/bin/standoff verify build/wheel/$(VERSION)
	.venv/bin/python -m build --no-isolation
golden: .venv/ready  ## rewrite the golden files; read the diff before committing it
	STANDOFF_GOLDEN=write .venv/bin/pytest tests/test_golden.py tests/test_rules.py
lock: | $(UV)  ## rewrite both lock files; newest versions with UPGRADE=--upgrade
	$(LOCK) pyproject.toml --all-extras --group dev -o requirements/dev.txt
	$(LOCK) --group server -o loaders/standoff/labelstudio/server.txt
	for name in 3 4 5 cff; do $(LOCK) --group matrix-$$name -o requirements/matrix-$$name.txt || exit 1; done
clean:  ## all that can be made again; .standoff/ also keeps the journal of pulls, so it stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage build/wheel dist
.venv/ready: requirements/dev.txt pyproject.toml | $(UV)
	test -x .venv/bin/python || { rm -rf .venv && $(UV) venv --python '>=3.11' .venv; }
	$(UV) pip sync --python .venv/bin/python --require-hashes requirements/dev.txt
	$(UV) pip install --python .venv/bin/python --no-deps --no-build-isolation --editable .
	touch $@
$(CURDIR)/.standoff/uv/bin/uv:
	{ python3 -m venv .standoff/uv && .standoff/uv/bin/pip install uv==$(UV_VERSION); } || \
	{ rm -rf .standoff/uv && python3 -m pip install --target .standoff/uv uv==$(UV_VERSION); }
