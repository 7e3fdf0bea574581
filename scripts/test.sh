#!/usr/bin/env bash
# Checks and tests everything, and counts what ran. Called by `make test`, after setup.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
# Random tests try the same cases each time, so that a failure is the change's; other cases are for `make fuzz`.
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-1}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Names a step, runs it, and keeps its output for counting.
step() {
    local name=$1 start=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    "$@" 2>&1 | tee -a "$log"
    printf '== %s: %d s\n' "$name" $((SECONDS - start))
}

step "format" cargo fmt --all --check
step "build" cargo build --workspace --all-targets --locked --quiet
step "lints" cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
step "Rust tests" cargo test --workspace --locked --quiet
step "independent reader" tests/reader/run.sh "$CARGO_TARGET_DIR/debug/scadstream"
step "web client: lints" npm run --silent lint --prefix web-client
step "web client: build" npm run --silent build --prefix web-client
step "web client: types" npm run --silent typecheck --prefix web-client
step "web client: tests" npm test --silent --prefix web-client
step "browser: lints" npm run --silent lint --prefix tests/browser
step "peers: lints" npm run --silent lint --prefix tests/peers
step "browser: tests" env SCADSTREAM_BIN="$CARGO_TARGET_DIR/debug/scadstream" npm test --silent --prefix tests/browser

# cargo: "test result: ok. 12 passed; ..."; vitest: " Tests  12 passed (12)"; node: "i pass 12"; our own: "12 passed, 0 failed".
passed=$(sed -E 's/\x1b\[[0-9;]*m//g' "$log" | awk '
    /^test result: ok\./ { total += $4 }
    /^ *Tests +[0-9]+ passed/ { total += $2 }
    /^[^a-z0-9]+pass [0-9]+$/ { total += $NF }
    /^[0-9]+ passed, 0 failed/ { total += $1 }
    END { print total + 0 }')
printf '\n%d passed, 0 failed\n' "$passed"
