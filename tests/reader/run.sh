#!/usr/bin/env bash
# Runs the independent reader of the protocol against a server started for it.
# usage: tests/reader/run.sh BINARY
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")"
venv=${CARGO_TARGET_DIR:-../../target}/reader-venv

if ! "$venv/bin/python" -c 'import websockets.sync.client' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'websockets>=13'
fi

output=$(mktemp)
"$binary" serve --listen 127.0.0.1:0 --workers 1 >"$output" 2>/dev/null &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -f "$output"' EXIT
# The server prints its address when it listens.
address=
for _ in $(seq 300); do
    address=$(sed -n 's|.*http://\([^ /]*\).*|\1|p' "$output" | head -1)
    [ -n "$address" ] && break
    kill -0 "$server" || { echo "the server has ended" >&2; exit 1; }
    sleep 0.1
done
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" test_reader.py "${address/localhost/127.0.0.1}"
