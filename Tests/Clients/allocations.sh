#!/usr/bin/env bash
# Counts the calls of malloc a request in steady state, through a library that is loaded before the C library. healthz, and predict of JSON
# and npy, must make none as long as a request comes with one read of a socket (64 KiB); beyond, few, and none a row. Fails otherwise.
# Needs clang, wrk, python3.
#
# usage: Tests/Clients/allocations.sh [ACCRUE]     the executable; by default the release build's
# shellcheck disable=SC2317 # the trap calls stop
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for tool in clang wrk python3 curl; do
    command -v "$tool" >/dev/null || { echo "allocations.sh: $tool is not installed" >&2; exit 1; }
done
accrue=${1:-.build/release/accrue}
scratch=$(mktemp -d)
server=
stop() {
    if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
    wait 2>/dev/null || true
    rm -rf "$scratch"
}
trap stop EXIT

cat >"$scratch/count.c" <<'C'
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
static _Atomic long calls;

void *malloc(size_t size) { atomic_fetch_add(&calls, 1); return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { atomic_fetch_add(&calls, 1); return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { atomic_fetch_add(&calls, 1); return __libc_realloc(old, size); }
void *aligned_alloc(size_t alignment, size_t size) { atomic_fetch_add(&calls, 1); return __libc_memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
    atomic_fetch_add(&calls, 1);
    *result = __libc_memalign(alignment, size);
    return *result ? 0 : 12;
}

static void report(int number) {
    char text[32];
    int length = snprintf(text, sizeof text, "calls %ld\n", (long)calls);
    if (write(2, text, length) < 0) _exit(number);
}
__attribute__((constructor)) static void start(void) { signal(SIGUSR2, report); }
C
clang -shared -fPIC -O2 -o "$scratch/count.so" "$scratch/count.c"

LD_PRELOAD="$scratch/count.so" "$accrue" serve --port 0 --event-loops 1 >"$scratch/out" 2>"$scratch/err" &
server=$!
for _ in {1..1200}; do [[ -s $scratch/out ]] && break; sleep 0.05; done
url=$(sed -n 's/^listening on //p' "$scratch/out")

curl -sSf -o "$scratch/body" -X PUT "$url/v1/models/m" --json '{"dimension":384}'
python3 - "$scratch" <<'PYTHON'
import json, random, struct, sys
random.seed(1)
rows = lambda n: [[round(random.gauss(0, 1), 6) for _ in range(384)] for _ in range(n)]
scratch = sys.argv[1]
json.dump({"features": rows(40), "labels": [f"class {i}" for i in range(40)]}, open(f"{scratch}/learn", "w"))
def wrk(name, content_type, body):
    quoted = "".join(f"\\{octet:03d}" for octet in body)
    with open(f"{scratch}/{name}.lua", "w") as file:
        file.write(f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{content_type}"\nwrk.body = "{quoted}"\n')
def npy(values):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 384), }" % len(values)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"".join(struct.pack("<384f", *row) for row in values)
for count in (1, 2, 16, 32, 64):
    values = rows(count)
    wrk(f"json-{count}", "application/json", json.dumps({"features": values}).encode())
    wrk(f"npy-{count}", "application/x-npy", npy(values))
PYTHON
# Often enough that there are probabilities.
for _ in {1..8}; do curl -sSf -o "$scratch/body" "$url/v1/models/m/learn" --json "@$scratch/learn"; done

calls() {
    local told
    told=$(grep -c '^calls ' "$scratch/err" || true)
    kill -USR2 "$server"
    for _ in {1..1200}; do (($(grep -c '^calls ' "$scratch/err" || true) > told)) && break; sleep 0.05; done
    sed -n 's/^calls //p' "$scratch/err" | tail -1
}
failed=0
# measure MOST TITLE PATH [SCRIPT]: calls of malloc a request, after a warm-up; more than MOST is a failure
measure() {
    local script=()
    if [[ -n ${4:-} ]]; then script=(-s "$scratch/$4.lua"); fi
    wrk -t1 -c16 -d1s "${script[@]}" "$url$3" >"$scratch/warm"
    local before after requests
    before=$(calls)
    wrk -t1 -c16 -d2s "${script[@]}" "$url$3" >"$scratch/report"
    after=$(calls)
    requests=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' "$scratch/report")
    if grep -q 'Non-2xx' "$scratch/report"; then
        echo "$2: $(grep 'Non-2xx' "$scratch/report")" >&2
        failed=1
    fi
    python3 - "$1" "$2" "$requests" $((after - before)) <<'PYTHON' || failed=1
import sys
most, title, requests, calls = float(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print(f"{title:26} {requests:8} requests  {calls / requests:.4f} calls of malloc a request (at most {most:g})")
sys.exit(calls / requests > most)
PYTHON
}
measure 0.01 "GET /healthz" /healthz
for format in json npy; do
    for count in 1 2 16; do measure 0.01 "predict, $format, $count rows" /v1/models/m/predict "$format-$count"; done
done
measure 0.01 "predict, npy, 32 rows" /v1/models/m/predict npy-32
for count in 1 16; do
    measure 0.01 "probability, json, $count rows" "/v1/models/m/predict?probability=true&top=3" "json-$count"
done
# These are collected piece by piece, in memory of their own; so long a text is read by a compute thread, too.
measure 16 "predict, json, 64 rows" /v1/models/m/predict json-64
measure 8 "predict, npy, 64 rows" /v1/models/m/predict npy-64
exit "$failed"
