// Snapshots: the whole world kept under a name, and brought back. Offered where the emulator can do it.
import { signal } from "@preact/signals";
import { call } from "../api";
import { instant } from "../format";
import { Button, Dialog, Field } from "../parts";
import { ask, tell } from "../session";
import { clock } from "../store";

export const snapshotsExist = signal(false);
const open = signal(false), name = signal("before"), kept = signal<{ name: string; at: number }[]>([]);
export const openSnapshots = () => { open.value = true; };

interface Document { paths: Record<string, unknown> }
call<Document>("GET", "/api/openapi.json").then(found => { snapshotsExist.value = "/api/snapshots" in found.paths; }).catch(() => {});

export function SnapshotsDialog() {
  if (!open.value) return null;
  const close = () => { open.value = false; };
  const keep = async (event: Event) => {
    event.preventDefault();
    const at = clock.value.at;
    if (!await ask("POST", "/api/snapshots", { name: name.value })) return;
    kept.value = [...kept.value.filter(one => one.name !== name.value), { name: name.value, at }];
    tell(`snapshot “${name.value}” taken`);
  };
  const restore = async (wanted: string) => {
    if (await ask("POST", `/api/snapshots/${encodeURIComponent(wanted)}/restore`)) { tell(`back at “${wanted}”`); close(); }
  };
  return (
    <Dialog title="Snapshots" onClose={close}>
      <form class="form" onSubmit={keep}>
        <div class="fields"><Field label="name" id="snapshot-name"><input id="snapshot-name" required value={name.value} onInput={event => { name.value = event.currentTarget.value; }} /></Field></div>
        <div class="buttons"><Button type="submit" tone="primary" icon="camera">Keep this moment</Button></div>
      </form>
      <ul class="snapshots">{kept.value.map(one => <li><strong>{one.name}</strong><span>{instant(one.at)}</span><Button small onClick={() => restore(one.name)}>Bring back</Button></li>)}</ul>
    </Dialog>
  );
}
