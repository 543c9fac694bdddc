// All chargers, one to a thousand: what they do, what is wrong with them, who talks to them.
import { computed, signal } from "@preact/signals";
import { current, energy, percent, plural, power, stateOf, words } from "../format";
import { Badge, Card, Empty, Icon, SearchBox, Select } from "../parts";
import { clients, go, link, rows, state } from "../store";
import type { Row } from "../types";
import { Virtual } from "../virtual";

type Item = [string, Row];
type Column = "name" | "state" | "power" | "offered" | "session" | "vehicle" | "faults" | "clients";
const COLUMNS: { id: Column; title: string; of: (item: Item) => string | number; numeric?: boolean }[] = [
  { id: "name", title: "Charger", of: ([name]) => name },
  { id: "state", title: "State", of: ([, row]) => stateOf(row.state)[0] },
  { id: "power", title: "Power", of: ([, row]) => row.power, numeric: true },
  { id: "offered", title: "Offered", of: ([, row]) => row.offered_current, numeric: true },
  { id: "session", title: "Session", of: ([, row]) => row.session_energy, numeric: true },
  { id: "vehicle", title: "Vehicle", of: ([, row]) => row.vehicle ?? "" },
  { id: "faults", title: "Faults", of: ([, row]) => row.faults.length * 100 + row.injected, numeric: true },
  { id: "clients", title: "Clients", of: ([, row]) => row.clients, numeric: true },
];
const GROUPS: [string, string, (row: Row) => boolean][] = [
  ["all", "All", () => true],
  ["charging", "Charging", row => row.power > 50],
  ["connected", "Vehicle, not charging", row => row.vehicle !== null && row.power <= 50],
  ["free", "Free", row => row.vehicle === null],
  ["faults", "With faults", row => row.faults.length + row.injected > 0],
];

const text = signal(""), group = signal("all"), sorted = signal<{ column: Column; down: boolean }>({ column: "name", down: false });
const collator = new Intl.Collator("en", { numeric: true });

const shown = computed(() => {
  const wanted = text.value.trim().toLowerCase();
  const belongs = GROUPS.find(([id]) => id === group.value)![2];
  const boxes = new Map<string, string>();
  if (wanted) for (const box of state.value?.wallboxes ?? []) boxes.set(box.charger, `${boxes.get(box.charger) ?? ""} ${box.name} ${box.model} ${box.vendor} ${box.serial}`);
  const found = [...rows.value].filter(([name, row]) => belongs(row) && (!wanted ||
    `${name} ${stateOf(row.state)[0]} ${row.vehicle ?? ""} ${row.faults.join(" ")} ${boxes.get(name) ?? ""}`.toLowerCase().includes(wanted)));
  const { of } = COLUMNS.find(column => column.id === sorted.value.column)!;
  const sign = sorted.value.down ? -1 : 1;
  return found.sort((a, b) => {
    const x = of(a), y = of(b);
    const order = typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
    return sign * (order || collator.compare(a[0], b[0]));
  });
});

export function Overview() {
  const all = [...rows.value.values()];
  const charging = all.filter(row => row.power > 50).length;
  const troubled = all.filter(row => row.faults.length).length, injected = all.reduce((sum, row) => sum + row.injected, 0);
  return (
    <div class="page overview">
      <h1 class="unseen">Chargers</h1>
      <div class="tiles">
        <Tile label="Power" value={power(all.reduce((sum, row) => sum + row.power, 0))} />
        <Tile label="Charging" value={`${charging}`} of={plural(all.length, "charger")} />
        <Tile label="Faults detected" value={`${troubled}`} of={injected ? `${injected} injected` : "none injected"} tone={troubled ? "bad" : ""} />
        <Tile label="Clients seen" value={`${clients.value}`} of={`at ${plural(all.filter(row => row.clients).length, "charger")}`} />
      </div>
      <Card class="fill">
        <div class="toolbar">
          <SearchBox value={text.value} onInput={value => { text.value = value; }} label="Name, model, vehicle, fault…" />
          <Select label="which chargers" value={group.value} onChange={value => { group.value = value; }} options={GROUPS.map(([id, title]) => [id, title] as const)} />
          <Select label="sort by" value={sorted.value.column} onChange={column => { sorted.value = { column: column as Column, down: false }; }} options={COLUMNS.map(column => [column.id, `by ${column.title.toLowerCase()}`] as const)} />
          <span class="count">{shown.value.length === all.length ? plural(all.length, "charger") : `${shown.value.length} of ${plural(all.length, "charger")}`}</span>
        </div>
        <div class="table" role="table" aria-label="chargers" aria-rowcount={shown.value.length + 1}>
          <div class="row head" role="row">
            {COLUMNS.map(column => <Head key={column.id} {...column} />)}
          </div>
          <Virtual items={shown.value} height={46} keyOf={([name]) => name} label="chargers" role="rowgroup" row={item => <Line key={item[0]} item={item} />}
            empty={all.length ? <Empty icon="search" title="No charger is like that">Change the search or the filter above.</Empty> : <Empty icon="car" title="No charger yet">A scenario with chargers, or a test that starts one, fills this page.</Empty>} />
        </div>
      </Card>
    </div>
  );
}

const Tile = ({ label, value, of, tone = "" }: { label: string; value: string; of?: string; tone?: string }) => (
  <div class={`tile ${tone}`}><span class="label">{label}</span><strong>{value}</strong>{of && <span class="of">{of}</span>}</div>
);

function Head({ id, title, numeric }: (typeof COLUMNS)[number]) {
  const is = sorted.value.column === id;
  return (
    <span role="columnheader" class={`cell ${id} ${numeric ? "numeric" : ""}`} aria-sort={is ? (sorted.value.down ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => { sorted.value = { column: id, down: is ? !sorted.value.down : Boolean(numeric) }; }}>
        {title}{is && <Icon name={sorted.value.down ? "down" : "up"} />}
      </button>
    </span>
  );
}

function Line({ item: [name, row] }: { item: Item }) {
  const [title, tone] = stateOf(row.state);
  return (
    <div class="row" role="row" onClick={() => go("charger", name)}>
      <span role="cell" class="cell name"><a href={link("charger", name)}>{name}</a></span>
      <span role="cell" class="cell state"><Badge tone={tone}>{title}</Badge></span>
      <span role="cell" class="cell power numeric"><b>{power(row.power)}</b>{row.phases > 0 && <small>{row.phases} ph</small>}</span>
      <span role="cell" class="cell offered numeric">{row.offered_current ? current(row.offered_current) : "–"}</span>
      <span role="cell" class="cell session numeric">{row.session_energy ? energy(row.session_energy) : "–"}</span>
      <span role="cell" class="cell vehicle">{row.vehicle ? <>{row.vehicle} <small>{percent(row.state_of_charge)}</small></> : <span class="dim">–</span>}</span>
      <span role="cell" class="cell faults numeric">
        {row.faults.length > 0 && <Badge tone="bad" title={row.faults.map(words).join("\n")}><Icon name="warn" /><span class="long">{row.faults.length === 1 ? words(row.faults[0]!) : `${row.faults.length} detected`}</span><span class="short">{row.faults.length}</span></Badge>}
        {row.injected > 0 && <Badge tone="warn" title={`${row.injected} injected by a step`}><Icon name="bolt" /><span class="long">{row.injected} injected</span><span class="short">{row.injected}</span></Badge>}
        {row.faults.length + row.injected === 0 && <span class="dim">–</span>}
      </span>
      <span role="cell" class="cell clients numeric">{row.clients || <span class="dim">–</span>}</span>
    </div>
  );
}
