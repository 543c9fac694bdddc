// Snapshots: the whole world kept under a name, and brought back.
import { signal } from "@preact/signals";
import { get, part } from "../api";
import { instant, plural } from "../format";
import { Button, Dialog, Empty, Field, Line } from "../parts";
import { ask, asCtl, complain, tell } from "../session";

interface Snapshot { name: string; at: number; journal: number; bytes: number }
const open = signal(false), name = signal("before"), kept = signal<Snapshot[]>([]);

export function openSnapshots() {
  open.value = true;
  get<{ snapshots: Snapshot[] }>("/api/snapshots").then(found => { kept.value = found.snapshots; }).catch(complain);
}

export function SnapshotsDialog() {
  if (!open.value) return null;
  const close = () => { open.value = false; };
  const keep = async (event: Event) => {
    event.preventDefault();
    const made = await ask<Snapshot>("POST", "/api/snapshots", { name: name.value });
    if (!made) return;
    kept.value = [...kept.value.filter(one => one.name !== made.name), made];
    tell(`snapshot “${made.name}” taken`, "good", { command: asCtl("snapshot", "take", made.name) });
  };
  const restore = async (wanted: string) => {
    if (!await ask("POST", `/api/snapshots/${part(wanted)}/restore`)) return;
    tell(`back at “${wanted}”`, "good", { command: asCtl("snapshot", "restore", wanted) });
    close();
  };
  const forget = async (wanted: string) => {
    const found = await ask<{ snapshots: Snapshot[] }>("DELETE", `/api/snapshots/${part(wanted)}`);
    if (found) kept.value = found.snapshots;
  };
  return (
    <Dialog title="Snapshots" onClose={close}>
      <p class="about">The whole world as it is now: time, physics, settings, faults, rules and the journal. Bring it back as often as you like; clients have to connect again.</p>
      <form class="form" onSubmit={keep}>
        <div class="fields"><Field label="name" id="snapshot-name"><input id="snapshot-name" required pattern="[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}" value={name.value} onInput={event => { name.value = event.currentTarget.value; }} /></Field></div>
        <div class="step-text"><Line label="ctl" text={asCtl("snapshot", "take", name.value)} /></div>
        <div class="buttons"><Button type="submit" tone="primary" icon="camera">Keep this moment</Button></div>
      </form>
      {kept.value.length === 0 && <Empty icon="camera" title="No snapshot yet" />}
      <ul class="snapshots">
        {kept.value.map(one => (
          <li key={one.name}>
            <strong>{one.name}</strong><span>{instant(one.at)}</span><small>{plural(one.journal, "journal line")}</small>
            <Button small onClick={() => restore(one.name)}>Bring back</Button>
            <Button small icon="cross" tone="plain" title={`forget ${one.name}`} onClick={() => forget(one.name)} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
