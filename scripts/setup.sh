#!/bin/sh
# Installs what building, running or testing needs and the machine lacks.
# usage: scripts/setup.sh run|test|bench
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $1" >&2
    exit 1
}

command -v cargo >/dev/null || fail "cargo is missing: install Rust 1.95 or newer with rustup (https://rustup.rs)"
command -v node >/dev/null || fail "node is missing: install Node.js 20 or newer"
command -v npm >/dev/null || fail "npm is missing: install it together with Node.js 20 or newer"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "Node.js $(node --version) is too old: 20 or newer is needed"

# Debian package, and a file by which we know that it is there.
packages=
want() {
    [ -e "$2" ] || packages="$packages $1"
}
want gcc /usr/bin/gcc
want g++ /usr/bin/g++
want make /usr/bin/make
want fonts-liberation /usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf
if [ "$1" != run ]; then
    want chromium /usr/bin/chromium
    python=$(python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])' 2>/dev/null || echo python3)
    want python3-venv "/usr/lib/$python/ensurepip/__init__.py"
    want openscad /usr/bin/openscad
    want prometheus /usr/bin/promtool
    want openscad-testing-data /usr/share/openscad/regression
fi
if [ -n "$packages" ]; then
    command -v apt-get >/dev/null || fail "please install:$packages"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "please install, as root:$packages"
        as_root=sudo
    fi
    echo "setup: installing$packages"
    $as_root apt-get update -qq || fail "apt-get update failed; please install:$packages"
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends $packages >/dev/null ||
        fail "apt-get could not install:$packages"
fi

# npm ci deletes and copies everything again, so only after the lock file changed.
npm_packages() {
    if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed"; then
        echo "setup: installing npm packages of $1"
        npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm ci failed in $1"
        cp "$1/package-lock.json" "$1/node_modules/.installed"
    fi
}
npm_packages web-client
if [ "$1" = test ]; then
    npm_packages tests/browser
fi
if [ "$1" = bench ]; then
    npm_packages tests/peers
fi
