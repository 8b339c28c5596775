#!/usr/bin/env bash
# Runs Config/nginx.conf in front of a server, and tries through TLS what the file promises. Needs nginx, openssl, curl and
# python3: without one of them it fails.
# shellcheck disable=SC2317 # the trap calls stop
#
# usage: Tests/Clients/nginx.sh [ACCRUE]     the executable; by default the debug build's
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for tool in nginx openssl curl python3; do
    command -v "$tool" >/dev/null || { echo "nginx.sh: $tool is not installed" >&2; exit 1; }
done
accrue=${1:-.build/debug/accrue}
[[ -x $accrue ]] || { echo "nginx.sh: $accrue is not there; swift build makes it" >&2; exit 1; }

scratch=$(mktemp -d)
children=()
stop() {
    for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
    for child in "${children[@]}"; do wait "$child" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap stop EXIT

name=models.example.com
write=w-$(openssl rand -hex 16)
read=r-$(openssl rand -hex 16)
printf 'write %s\nread %s\n' "$write" "$read" >"$scratch/tokens"
chmod 600 "$scratch/tokens"

# A port that was free a moment ago.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

"$accrue" serve --port 0 --token-file "$scratch/tokens" --allow-host "$name" --access-log "$scratch/access.log" \
    --spool "$scratch" >"$scratch/out" 2>"$scratch/err" &
children+=($!)
# await COMMAND...: tries it again and again, for a minute
await() {
    for _ in {1..1200}; do
        if "$@"; then return; fi
        sleep 0.05
    done
    return 1
}
await test -s "$scratch/out" || true
backend=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$scratch/out")
[[ -n $backend ]] || { echo "nginx.sh: the server does not listen" >&2; cat "$scratch/err" >&2; exit 1; }

tls=$(free_port)
plain=$(free_port)
mkdir -p "$scratch/nginx/logs" "$scratch/nginx/tls"
sed -e "s/127\.0\.0\.1:8080/127.0.0.1:$backend/" -e "s/listen 443 /listen 127.0.0.1:$tls /" -e "s/listen 80;/listen 127.0.0.1:$plain;/" \
    Config/nginx.conf >"$scratch/nginx/nginx.conf"
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
    -keyout "$scratch/nginx/tls/privkey.pem" -out "$scratch/nginx/tls/fullchain.pem" 2>/dev/null
nginx=(nginx -p "$scratch/nginx" -c "$scratch/nginx/nginx.conf" -g "daemon off; pid $scratch/nginx/pid; error_log $scratch/nginx/error.log;")
"${nginx[@]}" -t 2>"$scratch/nginx/check" || { cat "$scratch/nginx/check" >&2; exit 1; }
"${nginx[@]}" &
children+=($!)

origin=https://$name:$tls
call() { # call METHOD PATH [CURL-OPTION...]: the answer's content in $scratch/body, its head in $scratch/head; prints the status
    local method=$1 path=$2
    shift 2
    curl -sS --max-time 600 --cacert "$scratch/nginx/tls/fullchain.pem" --resolve "$name:$tls:127.0.0.1" -X "$method" \
        -D "$scratch/head" -o "$scratch/body" -w '%{http_code}' "$@" "$origin$path"
}
is_up() { call GET /healthz >/dev/null 2>&1; }
await is_up || { echo "nginx.sh: nginx does not answer" >&2; cat "$scratch/nginx/error.log" >&2; exit 1; }

failed=0
passed=0
expect() { # expect TITLE WANTED GOT
    if [[ $2 == "$3" ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1: expected $2, got $3" >&2
        head -c 500 "$scratch/body" >&2 || true
        echo >&2
    fi
}
field() { tr -d '\r' <"$scratch/head" | sed -n "s/^$1: //Ip" | tail -1; }
reading=(-H "Authorization: Bearer $read")
writing=(-H "Authorization: Bearer $write")
model=/v1/models/m

expect "health through TLS" 200 "$(call GET /healthz)"
expect "HSTS" max-age=31536000 "$(field Strict-Transport-Security)"
expect "no token" 401 "$(call GET /v1/models)"
expect "a reading token may not write" 403 "$(call PUT $model "${reading[@]}" --json '{"dimension":2}')"
expect "create" 201 "$(call PUT $model "${writing[@]}" --json '{"dimension":2}')"
expect "learn" 200 "$(call POST $model/learn "${writing[@]}" --json '{"features":[[1,0],[0,1]],"labels":["a","b"]}')"
expect "predict" 200 "$(call POST $model/predict "${reading[@]}" --json '{"features":[[1,0]]}')"
expect "the prediction" a "$(sed 's/.*"label":"\([^"]*\)".*/\1/' "$scratch/body")"

# One name for a request in both logs.
id=$(field X-Request-Id)
expect "a request's name" 32 "${#id}"
# Both write after they have answered.
await grep -q "\"id\":\"$id\"" "$scratch/access.log" || true
await grep -q "\"id\":\"$id\"" "$scratch/nginx/logs/access.log" || true
expect "the name in the server's log" 1 "$(grep -c "\"id\":\"$id\"" "$scratch/access.log")"
expect "the name in nginx's log" 1 "$(grep -c "\"id\":\"$id\"" "$scratch/nginx/logs/access.log")"

# Origins: the page's own name is the server's, whatever stands between.
expect "its own page" 200 "$(call GET /v1/models "${reading[@]}" -H "Origin: $origin")"
expect "another page" 403 "$(call GET /v1/models "${reading[@]}" -H "Origin: https://evil.example")"

# NDJSON flows through: more than any buffer holds, and nobody says how long it is.
rows=200000
lines() { # nobody minds that the server hangs up before the end
    python3 -c "
for i in range($rows): print('{\"features\":[%d.5,%d],\"label\":\"%s\"}' % (i % 7, i % 5, 'a' if i % 7 > 3 else 'b'))" 2>"$scratch/lines"
}
expect "NDJSON" 200 "$(lines | call POST $model/learn "${writing[@]}" -H 'Content-Type: application/x-ndjson' -H 'Expect:' -T -)"
expect "its rows" $rows "$(sed 's/.*"rows":\([0-9]*\).*/\1/' "$scratch/body")"
broken() { rows=5000 lines; echo '{"features":[1],"label":"a"}'; lines; }
expect "NDJSON with a bad line" 400 "$(broken | call POST $model/learn "${writing[@]}" -H 'Content-Type: application/x-ndjson' -H 'Expect:' -T -)"
expect "what was applied" 5000 "$(sed 's/.*"rows_applied":\([0-9]*\).*/\1/' "$scratch/body")"

# Bodies beyond the limit end at nginx; snapshots have none.
head -c $((65 << 20)) /dev/zero >"$scratch/large"
expect "a body beyond the limit" 413 "$(call POST $model/predict "${reading[@]}" -H 'Content-Type: application/x-npy' --data-binary "@$scratch/large")"
expect "a wide model" 201 "$(call PUT /v1/models/wide "${writing[@]}" --json '{"dimension":4300}')"
expect "a snapshot out" 200 "$(call GET /v1/models/wide/snapshot "${reading[@]}")"
mv "$scratch/body" "$scratch/snapshot"
expect "its size is beyond the limit of bodies" yes "$( (($(stat -c %s "$scratch/snapshot") > 64 << 20)) && echo yes || echo no)"
expect "the snapshot in" 201 "$(call PUT /v1/models/copy/snapshot "${writing[@]}" -H 'Content-Type: application/vnd.safetensors' -T "$scratch/snapshot")"
expect "the copy out" 200 "$(call GET /v1/models/copy/snapshot "${reading[@]}")"
# The header differs by the version, and with it the checksum at the end.
expect "the copy is the same" same "$(cmp -s -i 4096 -n 73000000 "$scratch/body" "$scratch/snapshot" && echo same || echo other)"

# Connections to the server are kept: these requests must not have opened one each.
connections() { grep -ci "^ *[0-9]*: [0-9A-F]*:[0-9A-F]* [0-9A-F]*:$(printf '%04X' "$backend") " /proc/net/tcp || true; }
before=$(connections)
for _ in {1..40}; do call GET /healthz >/dev/null; done
after=$(connections)
expect "connections are kept" yes "$( ((after - before < 10)) && echo yes || echo "no: $((after - before)) more")"

# Other names get nothing, and plain HTTP is sent on.
expect "another name" 000 "$(curl -s --max-time 60 -k --resolve "evil.example:$tls:127.0.0.1" -o "$scratch/body" -w '%{http_code}' "https://evil.example:$tls/healthz" || true)"
expect "plain HTTP" 301 "$(curl -s --max-time 60 -H "Host: $name" -o "$scratch/body" -w '%{http_code}' "http://127.0.0.1:$plain/healthz")"
expect "past nginx by another name" 421 "$(curl -s --max-time 60 -H 'Host: evil.example' -o "$scratch/body" -w '%{http_code}' "http://127.0.0.1:$backend/healthz")"

# SIGHUP takes other tokens.
printf 'read %s\n' "$read" >"$scratch/tokens"
kill -HUP "${children[0]}"
is_refused() { [[ $(call GET /v1/models "${writing[@]}") == 401 ]]; }
await is_refused || true
expect "a token that was taken back" 401 "$(call GET /v1/models "${writing[@]}")"
expect "a token that stays" 200 "$(call GET /v1/models "${reading[@]}")"

echo "nginx: $passed passed, $failed failed"
exit $((failed > 0))
