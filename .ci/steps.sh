# shellcheck shell=bash
# Shared by the scripts beside this file, which source it after scripts/lib.sh.
# shellcheck disable=SC2154 # root is set there

# step NAME COMMAND...
step() {
    local name=$1 begin=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    "$@" || fail 1 "FAILED: $name"
    printf '== %s: passed in %d s\n' "$name" "$((SECONDS - begin))"
}

# The compile database without precompiled headers, which clang can't read. Nothing is compiled for it, but what
# moc writes has to be there.
prepare_linters() {
    local info
    cmake --preset tidy >/dev/null || return
    # Not the targets that do this: those build the libraries first.
    for info in build/tidy/{app,core,ui}/CMakeFiles/*_autogen.dir/AutogenInfo.json; do
        cmake -E cmake_autogen "$info" Debug >/dev/null || return
    done
}

# test_sanitized LABEL TARGET...: the tests of a label under the address and undefined-behaviour sanitizers.
test_sanitized() {
    local label=$1
    shift
    # Their own limit of five minutes a function is for tests without sanitizers.
    build_preset asan "$@" \
        && ASAN_OPTIONS=strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 QT_QPA_PLATFORM=offscreen \
            QTEST_FUNCTION_TIMEOUT=900000 ctest --preset asan --parallel "$(test_jobs)" --label-regex "^$label\$"
}

# The tests of what works in threads under the thread sanitizer.
test_threads() {
    build_preset tsan threads-tests \
        && QT_QPA_PLATFORM=offscreen QTEST_FUNCTION_TIMEOUT=900000 \
            ctest --preset tsan --parallel "$(test_jobs)" --label-regex '^threads$'
}

# Recorded provider traffic and the like, which is no part of the repository; tests that replay it skip
# without it.
if [[ -d $root/../shared/fixtures ]]; then
    LLMCACHE_FIXTURES=$(cd -- "$root/../shared/fixtures" && pwd -P)
    export LLMCACHE_FIXTURES
fi
