#!/bin/sh
# The options of the add-on as arguments. A scenario is a file in the add-on's own folder, /config.
set -eu
options() { python3 -c "import json; found = json.load(open('/data/options.json')); $1"; }
scenario=$(options "print(found.get('scenario') or '')")
arguments=$(options "import shlex; print(shlex.join(found.get('arguments', [])))")
eval "set -- $arguments"
exec charger-emulator run ${scenario:+"/config/$scenario"} --keep-running "$@"
