#!/usr/bin/env bash
# What the action does: emulator up, client, emulator down, verdict. Exit code: the client's, or else the emulator's.
set -uo pipefail

tools=$(mktemp -d)
python3 -m venv "$tools"
case "${VERSION:-}" in
    "") "$tools/bin/pip" install --quiet "$SOURCE" || exit 3 ;;
    */* | .) "$tools/bin/pip" install --quiet "$VERSION" || exit 3 ;;
    *) "$tools/bin/pip" install --quiet "charger-emulator==$VERSION" || exit 3 ;;
esac
PATH="$tools/bin:$PATH"

read -ra arguments <<< "${ARGUMENTS:-}"
charger-emulator run ${SCENARIO:+"$SCENARIO"} --keep-running --report "$REPORT" "${arguments[@]}" &
emulator=$!
charger-emulator ctl health --wait 30 || { kill "$emulator" 2> /dev/null; wait "$emulator"; exit 3; }

bash -euo pipefail -c "$CLIENT"
client=$?

kill -TERM "$emulator"
wait "$emulator"
verdict=$?

word=passed
[ "$verdict" -eq 0 ] || word=failed
echo "verdict=$word" >> "$GITHUB_OUTPUT"
charger-emulator report summary "$REPORT" >> "$GITHUB_STEP_SUMMARY"
[ "$client" -ne 0 ] && exit "$client"
exit "$verdict"
