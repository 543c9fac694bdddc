// What a wallbox shows its clients, and what its owner has set: searchable, and changed as either of them would.
import { computed, signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, part } from "../api";
import { brief, plural } from "../format";
import { Badge, Button, Card, Copy, Dialog, Empty, Fact, Facts, Field, SearchBox, Select, StepText } from "../parts";
import { complain, fromYaml, perform, type Step } from "../session";
import { clock, journalEnd, wallboxes, world } from "../store";
import type { OwnersSetting, Plain, Tables, Values as Read, VendorValue } from "../types";
import { Virtual } from "../virtual";

type Row = { key: string; address: string; name: string; table: string; type: string; about: string; settable: boolean; readable: boolean; value?: VendorValue; setting?: OwnersSetting };
const SETTINGS = "Owner's settings";
const EVERY = 1000;

const text = signal(""), table = signal(""), only = signal("all");

export function Values({ charger }: { charger: string }) {
  const boxes = wallboxes.value.filter(box => box.charger === charger);
  const chosen = useSignal(boxes[0]?.name ?? ""), tables = useSignal<Tables | null>(null), read = useSignal<Read | null>(null), open = useSignal<Row | null>(null);
  const box = boxes.find(one => one.name === chosen.value);

  useEffect(() => {
    tables.value = null;
    read.value = null;
    if (chosen.value) get<Tables>(`/api/wallboxes/${part(chosen.value)}/tables`).then(found => { tables.value = found; }).catch(complain);
  }, [chosen.value, world.value, box?.firmware]);
  useReading(chosen.value, found => { read.value = found; });

  const rows = computed(() => (tables.value ? rowsOf(tables.value) : []));
  const wanted = text.value.trim().toLowerCase();
  const shown = rows.value.filter(row => (!table.value || row.table === table.value) && (only.value !== "writable" || row.settable)
    && (!wanted || `${row.address} ${row.name} ${row.about} ${row.table}`.toLowerCase().includes(wanted) || brief(valueOf(row, read.value), 500).toLowerCase().includes(wanted)));
  if (boxes.length === 0) return <Card><Empty title="No wallbox runs this charger" /></Card>;
  return (
    <Card class="fill values">
      <div class="toolbar">
        {boxes.length > 1 && <Select label="wallbox" value={chosen.value} onChange={value => { chosen.value = value; table.value = ""; }} options={boxes.map(one => [one.name, `${one.name.split(".")[1]} (${one.model})`] as const)} />}
        <SearchBox label="Address, register, meaning, value…" value={text.value} onInput={value => { text.value = value; }} />
        <Select label="table" value={table.value} onChange={value => { table.value = value; }} options={[["", "All tables"], ...[...new Set(rows.value.map(row => row.table))].map(name => [name, name || "Other"] as const)]} />
        <Select label="which values" value={only.value} onChange={value => { only.value = value; }} options={[["all", "All"], ["writable", "Can be changed"]]} />
        <span class="count">{shown.length === rows.value.length ? plural(shown.length, "value") : `${shown.length} of ${plural(rows.value.length, "value")}`}</span>
      </div>
      {read.value && !read.value.up && <p class="note">This wallbox is down: its clients reach nothing of this.</p>}
      <div class="table values-table" role="table" aria-label="values">
        <div class="row head" role="row"><span role="columnheader" class="cell">Address</span><span role="columnheader" class="cell">Value</span><span role="columnheader" class="cell about">Meaning</span><span role="columnheader" class="cell kind">Table</span></div>
        <Virtual items={shown} height={46} keyOf={row => row.key} role="rowgroup" label="values" row={row => <Line key={row.key} row={row} read={read.value} onOpen={() => { open.value = row; }} />}
          empty={tables.value ? <Empty icon="search" title="No value is like that" /> : <Empty title="Loading the vendor's tables" />} />
      </div>
      {open.value && box && <Detail row={open.value} read={read.value} box={box.name} interfaces={box.interfaces.filter(one => one.protocol !== "mdns").map(one => one.name)} onClose={() => { open.value = null; }} />}
    </Card>
  );
}

/** Read again when something has happened, at most once a second, and only while this is looked at. */
function useReading(wallbox: string, found: (values: Read) => void) {
  useSignalEffect(() => { void journalEnd.value; void clock.value.at; changed = true; });
  useEffect(() => {
    let gone = false;
    const load = async () => {
      if (!wallbox || document.hidden) return;
      changed = false;
      try { const values = await get<Read>(`/api/wallboxes/${part(wallbox)}/values`); if (!gone) found(values); } catch { /* the feed tells */ }
    };
    void load();
    const timer = setInterval(() => { if (changed) void load(); }, EVERY);
    return () => { gone = true; clearInterval(timer); };
  }, [wallbox]);
}
let changed = false;

const rowsOf = (found: Tables): Row[] => [
  ...found.values.map(value => ({ key: `v ${value.address} ${value.table}`, address: value.address, name: value.name, table: value.table, type: value.type, about: value.about, settable: value.settable, readable: value.readable, value })),
  ...found.settings.map(setting => ({ key: `s ${setting.name}`, address: setting.name, name: "", table: SETTINGS, type: setting.expected, about: setting.about, settable: true, readable: true, setting })),
];

const valueOf = (row: Row, read: Read | null): Plain | undefined => (row.setting ? read?.settings[row.address] : read?.values[row.address]);

function Line({ row, read, onOpen }: { row: Row; read: Read | null; onOpen: () => void }) {
  const value = valueOf(row, read), hidden = row.setting ? undefined : read?.hidden[row.address];
  return (
    <div class="row" role="row" onClick={onOpen}>
      <span role="cell" class="cell address"><button type="button" class="link" onClick={event => { event.stopPropagation(); onOpen(); }}><code>{row.address}</code></button>{row.name && <small>{row.name}</small>}</span>
      <span role="cell" class="cell value">{hidden ? <Badge tone="warn">hidden by {hidden}</Badge> : !row.readable ? <span class="dim">only written</span> : value === undefined ? <span class="dim">–</span> : <code>{brief(value, 160)}</code>}</span>
      <span role="cell" class="cell about">{row.about || <span class="dim">{row.type}</span>}</span>
      <span role="cell" class="cell kind">{row.settable && <Badge tone="info">{row.setting ? "owner" : "writable"}</Badge>}<small>{row.table}</small></span>
    </div>
  );
}

function Detail({ row, read, box, interfaces, onClose }: { row: Row; read: Read | null; box: string; interfaces: string[]; onClose: () => void }) {
  const now = valueOf(row, read);
  const typed = useSignal(now === undefined ? "" : typeof now === "string" && !/^[\s\d[{"'-]|^(true|false|null)$/.test(now) ? now : JSON.stringify(now));
  const through = useSignal(row.address.startsWith("modbus.") && interfaces.includes("modbus") ? "modbus" : interfaces.includes("http") ? "http" : interfaces[0] ?? "");
  const value = row.value;
  let step: Step | null = null, problem = "";
  try {
    const wanted = fromYaml(typed.value);
    step = row.setting ? { set: { wallbox: box, settings: { [row.address]: wanted } } } : { command: { wallbox: box, ...(through.value ? { interface: through.value } : {}), write: { [row.address]: wanted } } };
  } catch { problem = "this is neither a number nor a text nor a list"; }
  const submit = async (event: Event) => {
    event.preventDefault();
    if (step && await perform(step)) onClose();
  };
  return (
    <Dialog title={<code>{row.address}</code>} onClose={onClose}>
      <div class="detail">
        {row.about && <p class="about">{row.about}</p>}
        <Facts>
          {row.name && <Fact label="Name">{row.name}</Fact>}
          <Fact label="Table">{row.table || "–"}</Fact>
          {row.type && <Fact label="Type">{row.type}</Fact>}
          <Fact label="Clients">{row.setting ? "not shown" : `${row.readable ? "read" : ""}${row.readable && row.settable ? ", " : ""}${row.settable ? "write" : ""}`}</Fact>
          {value && !value.live && <Fact label="Live">no, a constant</Fact>}
          {row.setting && <Fact label="Kept">{row.setting.persistent ? "in flash" : "until a reboot"}</Fact>}
        </Facts>
        {value?.source && <p class="hint">Source: {value.source}</p>}
        {value?.assumed && <p class="note">Assumed: {value.assumed}</p>}
        {now !== undefined && <div class="json"><Copy text={JSON.stringify(now)} label="copy the value" /><pre>{JSON.stringify(now, null, 2)}</pre></div>}
        {row.settable && (
          <form class="form" onSubmit={submit}>
            <h3>{row.setting ? "Set as the owner would" : "Write as a client would"}</h3>
            <div class="fields">
              <Field label="new value" id="new-value" hint={row.setting?.expected || row.type}>
                <textarea id="new-value" rows={typed.value.length > 60 ? 4 : 1} value={typed.value} onInput={event => { typed.value = event.currentTarget.value; }} spellcheck={false} />
              </Field>
              {!row.setting && interfaces.length > 1 && <Field label="through" id="new-through"><Select id="new-through" value={through.value} options={interfaces} onChange={one => { through.value = one; }} /></Field>}
            </div>
            {step ? <StepText step={step} /> : <p class="note">{problem}</p>}
            <div class="buttons"><Button type="submit" tone="primary" icon="edit" disabled={!step}>{row.setting ? "Set" : "Write"}</Button><Button onClick={onClose}>Cancel</Button></div>
          </form>
        )}
      </div>
    </Dialog>
  );
}
