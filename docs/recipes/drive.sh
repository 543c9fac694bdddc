#!/bin/sh
# Tests a client that is a shell script: start the emulator, plug in a car, act, and look at what came of it.
# CONTROL is the control API of an emulator with a frozen clock (`charger-emulator run --frozen`).
set -eu
: "${CONTROL:=http://127.0.0.1:8000}"

post() { curl --fail --silent --show-error -X POST -H 'Content-Type: application/json' "$CONTROL$1" -d "$2"; }
holds() { post /api/expect "$1" | grep -q '"ok": true' || { echo "not so: $1" >&2; exit 1; }; }

curl --fail --silent --retry 20 --retry-connrefused --retry-delay 1 "$CONTROL/healthz" >/dev/null
BOX=$(curl --fail --silent "$CONTROL/api/wallboxes" | grep -o 'http://[^"]*' | head -n 1) # the go-e comes first

post /api/reset '{}' >/dev/null
post /api/rules '{"name": "house limit", "never": {"client": {"writes": "goe.amp", "value": "> 16"}}}' >/dev/null
post /api/steps '{"plug_in": {"vehicle": "vw_id3"}}' >/dev/null
post /api/clock/advance '{"until": {"power": "> 10 kW"}, "within": "2 min"}' >/dev/null

curl --fail --silent "$BOX/api/set?amp=10" >/dev/null # what the client under test does

post /api/clock/advance '{"by": "10 s"}' >/dev/null
holds '{"offered_current": "10 A", "goe.amp": 10}'
post /api/verdict '{}' | grep -q '"ok": true' || { echo 'a rule is broken' >&2; exit 1; }
echo "passed"
