# Every target does what it needs first. Two commands matter to a newcomer: `make demo` and `make test`.
SHELL := /bin/bash
PY := .venv/bin/python
ARGS ?=

.PHONY: help setup demo test lint bench docs clean lock proto ca images

help:
	@echo "make demo     set up and run the main job (flags: make demo ARGS='--dataset digits --no-dp')"
	@echo "make test     set up and pass the tests"
	@echo "make lint     formatting, types, imports, vet, staticcheck"
	@echo "make bench    print the figures and write build/bench.json"
	@echo "make ca       build fabric-ca-server for the tests that need a real one (make test does)"
	@echo "make images   build the images of chaincode and gateway, with docker"
	@echo "make docs     write the pages anew that are made from the code"
	@echo "make clean    remove what the other targets made"

setup:
	@bash scripts/setup.sh

demo: setup
	@$(PY) -m quorate demo $(ARGS)

test: setup ca
	cd chaincode && go test ./...
	cd network/embedded && go test ./...
	$(PY) -m pytest $(ARGS)

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@bash scripts/lint_go.sh

bench: setup
	$(PY) tests/benchmarks/run.py --out build/bench.json $(ARGS)

docs: setup
	$(PY) scripts/docs_cli.py
	$(PY) scripts/docs_compliance.py

ca:
	@bash scripts/build_ca.sh

images:
	@bash scripts/images.sh

proto: setup
	$(PY) -m gateway.service.protos.generate

lock: setup
	.venv/bin/uv pip compile pyproject.toml --group dev --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --prerelease=explicit -q -o requirements/all.txt
	echo 'uv>=0.9' | .venv/bin/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q -o requirements/installer.txt
	bash scripts/lock_images.sh

clean:
	rm -rf .venv build out .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
