# shellcheck shell=bash disable=SC2034
# Shared by the scripts beside this file, which source it. Bash, with `set -euo pipefail` set by the caller.

# The checkout. Everything below works from any working directory.
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)

# What building and running takes on Debian 12.
build_packages=(
    g++ cmake ninja-build pkg-config
    qt6-base-dev qt6-charts-dev qt6-svg-dev libqt6opengl6-dev libgl1-mesa-dev libxkbcommon-dev
    qcoro-qt6-dev nlohmann-json3-dev libvalijson-dev libhiredis-dev libzstd-dev libsimdjson-dev libjemalloc-dev
    zlib1g-dev libssl-dev qtkeychain-qt6-dev libsecret-1-0
    libqt6sql6-sqlite libqt6svg6 ca-certificates fonts-inter fonts-jetbrains-mono
)
# What the tests start or call besides. redis-tools holds the server's program as well; the redis-server
# package would add a system service, which nobody asked for. See provide_redis_server.
# With dbus-x11 the keyring does not ask for dbus-user-session, and systemd with that.
# mold links hundreds of tests in a tenth of the time.
test_packages=(mold redis-tools openssl dbus-x11 dbus-bin gnome-keyring python3 python3-venv)
# Only with .ci/run.
lint_packages=(clang-format-14 clang-tidy-19 clazy shellcheck)
# Only with scripts/coverage, and so with .ci/run.
coverage_packages=(gcovr)
# Only with scripts/fuzz.
fuzz_packages=(clang-19 libclang-rt-19-dev)
# Only with scripts/package.
package_packages=(dpkg-dev file)
# Only with the check of the packages in .ci/run, which starts the installed window.
package_check_packages=(desktop-file-utils appstream mandoc xvfb xauth xdotool)
node_packages=(nodejs npm)

# The oldest Node.js that the end-to-end tests' provider runs on.
node_minimum=18

say() {
    printf '%s\n' "$*" >&2
}

# fail STATUS TEXT...
fail() {
    local status=$1
    shift
    say "${0##*/}: $*"
    exit "$status"
}

# How many compilers run at once.
jobs() {
    nproc 2>/dev/null || echo 2
}

# How many tests run at once: one more, since many wait for a server or for time to pass.
test_jobs() {
    echo "$(($(jobs) + 1))"
}

# Prints those of its arguments that are no installed Debian package.
missing_packages() {
    local installed package
    installed=$(dpkg-query --show --showformat='${binary:Package} ${db:Status-Status}\n' "$@" 2>/dev/null \
        | sed -nE 's/^([^ :]+)(:[^ ]+)? installed$/\1/p') || true
    for package in "$@"; do
        grep -qxF -- "$package" <<<"$installed" || printf '%s\n' "$package"
    done
}

# Installs those of its arguments that are missing. Where apt can't be used, says which, and stops.
require_packages() {
    local missing as_root=()
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "${0##*/}: this is no Debian system, so nothing is installed. Needed, under Debian's names: $*"
        return
    fi
    missing=$(missing_packages "$@")
    [[ -n $missing ]] || return 0
    missing=${missing//$'\n'/ }

    local remedy="as root: apt-get update && apt-get install --no-install-recommends $missing"
    if ((EUID != 0)); then
        command -v sudo >/dev/null \
            || fail 3 "packages are missing, and without sudo this user can't install them. Run $remedy"
        as_root=(sudo)
    fi
    say "Installing $missing"
    # shellcheck disable=SC2086 # one word a package
    if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq --yes --no-install-recommends $missing </dev/null; } >&2; then
        fail 3 "packages are missing and apt could not install them (see above). Run $remedy"
    fi
}

# build_preset PRESET [TARGET...]: configures where that is due and builds. Talks on stderr only.
build_preset() {
    local preset=$1 folder=$root/build/$1
    shift
    # Ninja configures again by itself when a CMakeLists.txt changes, not when the presets do.
    if [[ ! -f $folder/build.ninja || $root/CMakePresets.json -nt $folder/build.ninja ]]; then
        (cd "$root" && cmake --preset "$preset") >&2 || fail 1 "configuring preset $preset failed (see above)"
        touch "$folder/build.ninja"
    fi
    # Says nothing where nothing is to be done, so that the program's own words are all there is to read.
    local plan
    plan=$(ninja -C "$folder" -n "$@" 2>/dev/null) || true
    [[ $plan != *'ninja: no work to do.'* ]] || return 0
    say "Building (preset $preset). The first time takes some minutes."
    ninja -C "$folder" -j "$(jobs)" "$@" >&2 || fail 1 "building preset $preset failed (see above)"
}

# Puts a redis-server on PATH without installing its service: Debian's redis-tools has the program under the
# name of the checker, and it decides by the name it is called with.
provide_redis_server() {
    command -v redis-server >/dev/null && return
    local program folder=$root/build/tools
    program=$(command -v redis-check-rdb) || fail 3 "redis-server is missing. Install it, then try again."
    mkdir -p "$folder"
    ln -sf "$program" "$folder/redis-server"
    ln -sf "$program" "$folder/redis-sentinel"
    "$folder/redis-server" --version 2>/dev/null | grep -q '^Redis server' \
        || fail 3 "redis-server is missing, and $program does not hold it. Install redis-server, then try again."
    PATH=$folder:$PATH
    export PATH
}

# Whether Node.js is there and new enough, and npm too.
has_node() {
    local version
    command -v npm >/dev/null && version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    ((${version%%.*} >= node_minimum))
}

# Installs what the end-to-end tests need from npm, in the versions of the lock file, once.
install_node_dependencies() {
    local folder=$root/tests/e2e/aimock
    [[ ! $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]] || return 0
    say "Installing the end-to-end tests' Node.js packages"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
}

# Installs what tests/interop compares this program with: pyai-caching and what it needs, in the versions of
# the requirements file, into an environment of its own in the build folder, once.
install_python_dependencies() {
    local folder=$root/build/python requirements=$root/tests/interop/requirements.txt
    [[ ! $folder/installed -nt $requirements ]] || return 0
    say "Installing the interoperability tests' Python packages"
    rm -rf "$folder"
    python3 -m venv "$folder" >&2 \
        && "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2 \
        && touch "$folder/installed"
}
