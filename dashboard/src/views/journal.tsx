// The journal as a stream: filtered by the server, so that what is wanted shows however much else is published.
import { batch, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get } from "../api";
import { follow } from "../feed";
import { brief, instant, plural, words } from "../format";
import { Badge, Button, Card, Copy, Dialog, Empty, SearchBox, Select } from "../parts";
import { complain } from "../session";
import { catalogue, rows, wallboxes } from "../store";
import type { Entry } from "../types";
import { Virtual } from "../virtual";

const NEWEST = 500, KEEP = 3000, PAGE = 500;
const TONES: Record<string, string> = { request: "k-request", write: "k-write", push: "k-push", event: "k-event", stimulus: "k-stimulus", command: "k-command", fault: "k-fault", expectation: "k-expectation", connection: "k-connection" };

interface Filters { charger: string; wallbox: string; interface: string; kind: string; client: string; text: string }
type Line = Entry & { depth: number };

export function Journal({ charger = "" }: { charger?: string }) {
  const kinds = catalogue.value?.events ?? [], quiet = kinds.filter(kind => kind !== "push").join();
  const filters = useSignal<Filters>({ charger, wallbox: "", interface: "", kind: quiet, client: "", text: "" });
  const entries = useSignal<Entry[]>([]), loaded = useSignal(false), followed = useSignal(true), missed = useSignal(0), earlier = useSignal<number | null>(null), skipped = useSignal(0);
  const open = useSignal<number | null>(null), busy = useSignal(false);
  const query = useMemo(() => Object.fromEntries(Object.entries(filters.value).filter(([, value]) => value !== "")) as Record<string, string>, [filters.value]);

  useEffect(() => {
    loaded.value = false;
    // Typing is not searching: wait until it is over.
    let feed: { close(): void } | null = null;
    const timer = setTimeout(() => {
      feed = follow({ quantities: "none", newest: NEWEST, ...query }, messages => {
        batch(() => {
          let found = entries.value;
          for (const message of messages) {
            if (message.type === "entries" && message.first) {
              found = message.entries;
              loaded.value = true;
              skipped.value = missed.value = 0;
              earlier.value = found.length ? found[0]!.seq : null;
            } else if (message.type === "entries") {
              found = [...found, ...message.entries];
              if (!followed.value) missed.value += message.entries.length;
            } else if (message.type === "skipped") skipped.value += message.entries;
          }
          // What is read is not taken away; what nobody looks at is bounded.
          if (followed.value && found.length > KEEP) { found = found.slice(-KEEP); earlier.value = found[0]!.seq; }
          if (!followed.value && found.length > 4 * KEEP) found = found.slice(0, 4 * KEEP);
          entries.value = found;
        });
      });
    }, loaded.peek() ? 250 : 0);
    return () => { clearTimeout(timer); feed?.close(); };
  }, [query]);

  const back = async () => {
    if (busy.value || earlier.value === null || earlier.value <= 1) return;
    busy.value = true;
    try {
      const found = await get<{ entries: Entry[]; earlier: number | null }>("/api/journal", { ...query, before: earlier.value, limit: PAGE });
      batch(() => {
        entries.value = [...found.entries, ...entries.value];
        earlier.value = found.entries.length ? found.earlier : null;
      });
    } catch (error) { complain(error); } finally { busy.value = false; }
  };
  const put = (changes: Partial<Filters>) => { filters.value = { ...filters.value, ...changes }; };
  const lines = useMemo(() => nested(entries.value), [entries.value]);
  const boxes = wallboxes.value.filter(box => !filters.value.charger || box.charger === filters.value.charger);
  const interfaces = [...new Set(boxes.filter(box => !filters.value.wallbox || box.name === filters.value.wallbox).flatMap(box => box.interfaces.map(one => one.name)))];
  const filtered = Object.entries(query).some(([name, value]) => !(name === "charger" && charger) && value !== quiet);
  return (
    <Card class="fill journal">
      <div class="toolbar">
        <SearchBox label="Name or detail" value={filters.value.text} onInput={text => put({ text })} />
        {!charger && <Select label="charger" value={filters.value.charger} onChange={one => put({ charger: one, wallbox: "", interface: "" })} options={[["", "All chargers"], ...[...rows.value.keys()].map(name => [name, name] as const)]} />}
        {boxes.length > 1 && boxes.length < 200 && <Select label="wallbox" value={filters.value.wallbox} onChange={one => put({ wallbox: one, interface: "" })} options={[["", "All wallboxes"], ...boxes.map(box => [box.name, box.name] as const)]} />}
        <Select label="interface" value={filters.value.interface} onChange={one => put({ interface: one })} options={[["", "All interfaces"], ...interfaces.map(name => [name, name] as const)]} />
        <Select label="kind" value={filters.value.kind} onChange={kind => put({ kind })} options={[[quiet, "All but pushes"], ["", "All kinds"], ["request,write,connection", "From clients"], ["event,stimulus,fault,expectation,note", "What happened"], ...kinds.map(kind => [kind, words(kind)] as const)]} />
        <input class="client" aria-label="client" placeholder="Client" value={filters.value.client} onInput={event => put({ client: event.currentTarget.value })} />
        <Button icon={followed.value ? "pause" : "play"} pressed={followed.value} onClick={() => { followed.value = !followed.value; missed.value = 0; }}>{followed.value ? "Following" : missed.value ? `Follow (${missed.value} new)` : "Follow"}</Button>
        <span class="count">{skipped.value ? `${skipped.value.toLocaleString("en")} passed by` : plural(lines.length, "line")}</span>
      </div>
      <Virtual items={lines} height={30} keyOf={line => line.seq} label="journal" stick={followed.value} onTop={back} onStick={is => { if (!is && followed.value) followed.value = false; else if (is && !followed.value) { followed.value = true; missed.value = 0; } }}
        row={line => <Row key={line.seq} line={line} onOpen={() => { open.value = line.seq; }} />}
        empty={loaded.value ? <Empty title={filtered ? "Nothing in the journal is like that" : "Nothing has happened yet"}>{filtered ? "Change the filters above." : "Plug in a vehicle, or let a client connect."}</Empty> : <Empty title="Reading the journal" />} />
      {open.value !== null && <Detail seq={open.value} onOpen={seq => { open.value = seq; }} onClose={() => { open.value = null; }} />}
    </Card>
  );
}

/** What followed from an entry stands below it, further in. */
function nested(entries: Entry[]): Line[] {
  const depths = new Map<number, number>();
  return entries.map(entry => {
    const above = entry.cause === null ? undefined : depths.get(entry.cause);
    const depth = above === undefined ? 0 : Math.min(4, above + 1);
    depths.set(entry.seq, depth);
    return { ...entry, depth };
  });
}

const where = (entry: Entry) => [entry.charger, entry.wallbox, entry.interface].filter(Boolean).join(".");
const who = (entry: Entry) => entry.who ?? entry.client ?? "";

export function said(entry: Entry): string {
  const { value, ok, what, kind, ...rest } = entry.detail;
  if (entry.kind === "write") return `= ${brief(value)}${ok === false ? `  refused: ${brief(rest["message"] ?? rest["refused"])}` : ""}`;
  if (entry.kind === "fault") return [what, kind === entry.name ? "" : kind, Object.keys(rest).length ? brief(rest) : ""].filter(Boolean).join("  ");
  return Object.keys(entry.detail).length ? brief(entry.detail, 240) : "";
}
const wrong = (entry: Entry) => entry.detail["ok"] === false || entry.detail["refused"] != null || (typeof entry.detail["status"] === "number" && entry.detail["status"] >= 400);

const Row = ({ line, onOpen }: { line: Line; onOpen: () => void }) => (
  <div class={`entry ${wrong(line) ? "wrong" : ""}`} role="listitem" onClick={onOpen}>
    <time>{instant(line.at, true)}</time>
    <span class={`kind ${TONES[line.kind] ?? ""}`}>{line.kind}</span>
    <button type="button" class={`what depth-${line.depth}`} onClick={event => { event.stopPropagation(); onOpen(); }}>{line.depth > 0 && <span class="from" aria-label="follows from the line above">↳</span>}{line.name}</button>
    <span class="detail">{said(line)}</span>
    <span class="where">{where(line)}{who(line) && <em> {who(line)}</em>}</span>
  </div>
);

interface Related { entry: Entry; causes: Entry[]; effects: Entry[] }
function Detail({ seq, onOpen, onClose }: { seq: number; onOpen: (seq: number) => void; onClose: () => void }) {
  const related = useSignal<Related | null>(null);
  useEffect(() => { get<Related>(`/api/journal/${seq}`).then(found => { related.value = found; }).catch(error => { complain(error); onClose(); }); }, [seq]);
  const found = related.value;
  if (!found) return null;
  const { entry } = found;
  return (
    <Dialog title={<>{entry.name} <Badge>{entry.kind}</Badge></>} onClose={onClose} wide>
      <div class="detail">
        <dl class="facts">
          <div><dt>At</dt><dd>{instant(entry.at, true)}</dd></div>
          <div><dt>Number</dt><dd>{entry.seq}</dd></div>
          {where(entry) && <div><dt>Where</dt><dd>{where(entry)}</dd></div>}
          {entry.client && <div><dt>Client</dt><dd>{[entry.who, entry.client, entry.agent].filter(Boolean).join(", ")}</dd></div>}
          {entry.wall !== null && <div><dt>Wall time</dt><dd>{new Date(entry.wall * 1000).toLocaleTimeString("en-GB", { hour12: false })}</dd></div>}
        </dl>
        <Chain title="Because of" entries={found.causes} onOpen={onOpen} />
        {Object.keys(entry.detail).length > 0 && <div class="json"><Copy text={JSON.stringify(entry.detail)} label="copy the detail" /><pre>{JSON.stringify(entry.detail, null, 2)}</pre></div>}
        <Chain title="What it caused" entries={found.effects} onOpen={onOpen} />
        {entry.kind === "request" && found.effects.length === 0 && <p class="hint">This request changed nothing.</p>}
      </div>
    </Dialog>
  );
}
const Chain = ({ title, entries, onOpen }: { title: string; entries: Entry[]; onOpen: (seq: number) => void }) => (entries.length === 0 ? null : (
  <>
    <h3>{title}</h3>
    <ul class="chain">{entries.map(entry => <li><button type="button" onClick={() => onOpen(entry.seq)}><time>{instant(entry.at, true)}</time><Badge>{entry.kind}</Badge><strong>{entry.name}</strong><span>{said(entry)}</span></button></li>)}</ul>
  </>
));
