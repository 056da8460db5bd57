# make demo    build, start a server in a fresh directory, run the demonstration
# make test    everything that must hold: unit, integration, generated clients, API fuzzing
# make build   the release binary: target/release/tidemill
# make dist    the one file that needs neither PostgreSQL nor Python on the machine: target/dist/tidemill
# make packages  that file as Debian package, tarball and container image, with bill of materials and checksums: target/packages
# make trial   those installed, used, upgraded and removed in an empty Debian (as root)
# make trial-machine  the package on a whole emulated machine: systemd, control groups, restarts, a reboot (as root)
# make endurance  ten thousand code steps and 200 executions with 20 MB each, with that file
# make lint    format and clippy, warnings denied
# make deny    licences and sources of all dependencies
# make pictures  draw the pictures of README and docs/tui.md anew, from a real server
# make postgres  fetch the PostgreSQL that build and tests use (nothing need be installed by hand)
#
# Nothing here is needed to run Tidemill, only to build and test it. Each target says what is missing on this machine.

SHELL := /bin/sh
.DEFAULT_GOAL := build
.PHONY: demo test test-rust test-clients build dist packages trial trial-machine endurance lint deny doc pictures postgres clean need-rust need-python need-node need-outside

CARGO ?= cargo
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
RELEASE := $(TARGET)/release/tidemill
PYTHON_TOOLS := $(TARGET)/python-tools
PACKAGING_TOOLS := $(TARGET)/packaging-tools
# Begins a recipe that needs Postgres; the first one fetches it.
WITH_POSTGRES_BIN = bin="$$(packaging/fetch-postgres)" || exit 1; export TIDEMILL_POSTGRES_BIN="$$bin";

demo: build
	$(WITH_POSTGRES_BIN) exec $(RELEASE) demo

build: need-rust
	$(CARGO) build --release --locked

dist: need-rust
	packaging/dist

packages: dist need-python
	packaging/package

trial: packages
	packaging/trial

trial-machine: packages
	packaging/trial-machine

# What takes too long in a debug build.
endurance: dist
	$(WITH_POSTGRES_BIN) export TIDEMILL_BINARY="$(TARGET)/dist/tidemill"; \
	$(CARGO) build --locked -p tidemill-harness --bin with-postgres && \
	$(TARGET)/debug/with-postgres $(CARGO) test --locked --test suite -- --ignored --test-threads=1 ten_thousand two_hundred

# One Postgres serves all test processes. Node and Python are checked first: a missing one should not be news after ten minutes.
test: need-rust need-node need-outside $(PYTHON_TOOLS)/complete tests/clients/typescript/node_modules/.package-lock.json tests/clients/senders/node_modules/.package-lock.json
	$(MAKE) --no-print-directory test-rust test-clients

test-rust: need-rust
	$(WITH_POSTGRES_BIN) \
	$(CARGO) build --locked -p tidemill-harness --bin with-postgres && \
	$(TARGET)/debug/with-postgres $(CARGO) test --locked --workspace

# Generated clients, schemathesis, a browser and wrong clocks against the real binary; tests/suite/clients.rs starts it.
test-clients: need-rust need-node need-outside $(PYTHON_TOOLS)/complete tests/clients/typescript/node_modules/.package-lock.json tests/clients/senders/node_modules/.package-lock.json
	$(WITH_POSTGRES_BIN) export TIDEMILL_PYTHON_TOOLS="$(PYTHON_TOOLS)"; \
	$(CARGO) build --locked -p tidemill-harness --bin with-postgres && \
	$(TARGET)/debug/with-postgres $(CARGO) test --locked --test suite -- --ignored --nocapture --test-threads=1 clients::

lint: need-rust
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# Advisories are not among it: they are asked for at another place on the network (cargo deny check advisories).
deny: need-rust $(PACKAGING_TOOLS)/complete
	$(PACKAGING_TOOLS)/bin/cargo-deny --locked check licenses bans sources

doc: need-rust
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --workspace --document-private-items

pictures: build
	$(WITH_POSTGRES_BIN) packaging/pictures $(RELEASE)

postgres:
	@packaging/fetch-postgres

clean:
	$(CARGO) clean

$(PYTHON_TOOLS)/complete: tests/clients/requirements.txt | need-python
	rm -rf $(PYTHON_TOOLS)
	python3 -m venv $(PYTHON_TOOLS)
	$(PYTHON_TOOLS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(PACKAGING_TOOLS)/complete: packaging/requirements.txt | need-python
	python3 -m venv $(PACKAGING_TOOLS)
	$(PACKAGING_TOOLS)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

tests/clients/%/node_modules/.package-lock.json: tests/clients/%/package-lock.json | need-node
	cd tests/clients/$* && npm ci --no-audit --no-fund --ignore-scripts
	touch $@

need-rust:
	@command -v $(CARGO) > /dev/null || { echo "cargo is needed: install Rust from https://rustup.rs" >&2; exit 1; }
	@command -v cc > /dev/null || { echo "a C compiler is needed for libpq and OpenSSL (Debian, Ubuntu: apt-get install build-essential)" >&2; exit 1; }
	@command -v perl > /dev/null || { echo "perl is needed to build OpenSSL (Debian, Ubuntu: apt-get install perl)" >&2; exit 1; }
	@command -v make > /dev/null || { echo "make is needed under that name to build OpenSSL" >&2; exit 1; }

need-python:
	@command -v python3 > /dev/null || { echo "python3 is needed (Debian, Ubuntu: apt-get install python3)" >&2; exit 1; }
	@python3 -c 'import venv, ensurepip' 2> /dev/null || { echo "python3's venv is needed (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }

need-node:
	@{ command -v node && command -v npm; } > /dev/null || { echo "node 20 or newer and npm are needed for make test: it compiles and runs a generated TypeScript client (Debian 12, Ubuntu 24.04: https://nodejs.org)" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || { echo "node 20 or newer is needed for make test; this is $$(node --version)" >&2; exit 1; }

need-outside:
	@{ command -v curl && command -v openssl; } > /dev/null || { echo "curl and openssl are needed for make test: the documentation's commands are run (Debian, Ubuntu: apt-get install curl openssl)" >&2; exit 1; }
	@command -v chromedriver > /dev/null || { echo "chromium is needed for make test: a browser fills a form in (Debian: apt-get install chromium chromium-driver)" >&2; exit 1; }
	@test -x /usr/sbin/sshd || { echo "openssh-server is needed for make test: the front end is looked at over SSH (Debian, Ubuntu: apt-get install openssh-server)" >&2; exit 1; }
	@command -v pebble > /dev/null || { echo "pebble is needed for make test: a certificate authority that is asked by ACME (Debian, Ubuntu: apt-get install pebble)" >&2; exit 1; }
	@command -v faketime > /dev/null || { echo "libfaketime is needed for make test: clocks are set forward and back (Debian, Ubuntu: apt-get install faketime)" >&2; exit 1; }
