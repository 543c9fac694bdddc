// Faults: those there are, with their life; and a form for every kind there is, made from its schema.
import { computed, signal } from "@preact/signals";
import { instant, plural, words } from "../format";
import { dataOf, Fields, missing, type Typed } from "../forms";
import { Badge, Button, Card, Empty, Field, SearchBox, Select, StepText } from "../parts";
import { complain, perform, type Step } from "../session";
import { catalogue, clock, faults, places, wallboxes } from "../store";
import type { Argument, Fault, FaultKind, PlainObject } from "../types";

const TONES: Record<string, "bad" | "warn" | "info" | "quiet"> = { "in force": "bad", armed: "warn", idle: "quiet", paused: "info" };

export function Faults({ charger }: { charger: string }) {
  const here = faults.value.filter(fault => fault.charger === charger);
  return (
    <div class="split">
      <Card title="Faults there are" aside={<span>{plural(here.length, "fault")}</span>}>
        {here.length === 0 && <Empty icon="bolt" title="No fault is armed">Choose one and arm it: it shows here with its hits, until it is cleared.</Empty>}
        <ul class="fault-list">{here.map(fault => <Line key={fault.name} fault={fault} />)}</ul>
      </Card>
      <Arm charger={charger} />
    </div>
  );
}

const Line = ({ fault }: { fault: Fault }) => (
  <li>
    <div>
      <strong>{words(fault.name)}</strong> <Badge tone={TONES[fault.state] ?? "quiet"}>{fault.state}</Badge>
      <small>{fault.kind === fault.name ? "" : `${words(fault.kind)} `}on {fault.on}</small>
      <p>{fault.about}</p>
    </div>
    <dl><div><dt>Hits</dt><dd>{fault.hits}</dd></div><div><dt>Since</dt><dd>{fault.since === null ? "–" : instant(fault.since)}</dd></div></dl>
    <Button small icon="cross" onClick={() => perform({ clear_fault: { charger: fault.charger, name: fault.name.split("@")[0]! } })}>Clear</Button>
  </li>
);

// --- the form -------------------------------------------------------------------------------------------------------

const wanted = signal(""), chosen = signal<string | null>(null), place = signal(""), typed = signal<Typed>({}), trigger = signal<Typed>({});

const found = computed(() => {
  const text = wanted.value.trim().toLowerCase();
  return (catalogue.value?.fault_kinds ?? []).filter(kind => !text || `${words(kind.name)} ${kind.name} ${kind.about} ${kind.protocols.join(" ")} ${kind.where.join(" ")}`.toLowerCase().includes(text));
});
const TRIGGER = ["name", "match", "when", "after", "on_request", "every", "probability", "for", "count", "until"];

/** Whether a kind can be at a place. */
function possible(kind: FaultKind, where: string, charger: string): boolean {
  if (where === charger) return kind.where.includes("charger");
  const box = wallboxes.value.find(one => one.name === where);
  if (box) return kind.where.includes("wallbox");
  if (!kind.where.includes("interface")) return false;
  const outer = where.slice(0, where.lastIndexOf(".")), inner = where.slice(outer.length + 1);
  const protocol = inner === "websocket" ? "websocket" : wallboxes.value.find(one => one.name === outer)?.interfaces.find(one => one.name === inner)?.protocol ?? inner;
  return protocol !== "mdns" && (kind.protocols.length === 0 || kind.protocols.includes(protocol));
}

function Arm({ charger }: { charger: string }) {
  const kinds = catalogue.value?.fault_kinds ?? [];
  const kind = kinds.find(one => one.name === chosen.value) ?? null;
  return (
    <Card title="Arm a fault" aside={kind ? <Button small onClick={() => { chosen.value = null; }}>All kinds</Button> : <span>{plural(kinds.length, "kind")}</span>}>
      {kind ? <Form key={kind.name} kind={kind} charger={charger} /> : (
        <>
          <div class="toolbar"><SearchBox label="What should go wrong?" value={wanted.value} onInput={text => { wanted.value = text; }} /></div>
          {found.value.length === 0 && <Empty icon="search" title="No kind of fault is like that" />}
          <Group title="Of the charger and its supply" kinds={found.value.filter(one => physical(one))} />
          <Group title="Of the wallbox" kinds={found.value.filter(one => !physical(one) && one.protocols.length === 0)} />
          <Group title="On the wire" kinds={found.value.filter(one => one.protocols.length > 0)} />
        </>
      )}
    </Card>
  );
}
const physical = (kind: FaultKind) => kind.where.length === 1 && kind.where[0] === "charger" && kind.protocols.length === 0;

const Group = ({ title, kinds }: { title: string; kinds: FaultKind[] }) => (kinds.length === 0 ? null : (
  <>
    <h3>{title}</h3>
    <ul class="kinds">
      {kinds.map(kind => (
        <li><button type="button" onClick={() => { chosen.value = kind.name; typed.value = {}; trigger.value = {}; place.value = ""; }}>
          <strong>{words(kind.name)}</strong><small>{kind.about}</small>
          {kind.protocols.length > 0 && kind.protocols.length < 6 && <span class="protocols">{kind.protocols.map(protocol => <Badge key={protocol}>{protocol}</Badge>)}</span>}
        </button></li>
      ))}
    </ul>
  </>
));

function Form({ kind, charger }: { kind: FaultKind; charger: string }) {
  const general = catalogue.value!.steps.find(step => step.name === "fault")!.arguments;
  const triggers = TRIGGER.map(name => general.find(argument => argument.name === name)).filter((one): one is Argument => one !== undefined && !kind.arguments.some(own => own.name === one.name));
  const possiblePlaces = places.value.filter(where => (where === charger || where.startsWith(`${charger}.`)) && possible(kind, where, charger));
  const where = possiblePlaces.includes(place.value) ? place.value : possiblePlaces[0] ?? charger;
  const lacking = missing(kind.arguments, typed.value);
  let step: Step | null = null, problem = lacking ? `${words(lacking.name)} is missing` : "";
  if (!lacking) try { step = { fault: { on: where, kind: kind.name, ...dataOf(triggers, trigger.value), ...dataOf(kind.arguments, typed.value) } as PlainObject }; } catch (error) { problem = (error as Error).message; }
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!step) { complain(problem); return; }
    if (await perform(step)) chosen.value = null;
  };
  const split = triggers.filter(argument => argument.name === "match"), rest = triggers.filter(argument => argument.name !== "match");
  return (
    <form class="form" onSubmit={submit}>
      <h3>{words(kind.name)}</h3>
      <p class="about">{kind.about}</p>
      <div class="fields"><Field label="where *" id="fault-on" hint={`${kind.where.join(", ")}${kind.protocols.length ? `; ${kind.protocols.join(", ")}` : ""}`}>
        <Select id="fault-on" value={where} options={possiblePlaces} onChange={value => { place.value = value; }} />
      </Field></div>
      <Fields prefix="fault" arguments={kind.arguments} typed={typed} />
      {split.length > 0 && !physical(kind) && <details open={kind.needs_key}><summary>Which traffic and which values</summary><Fields prefix="fault" arguments={split} typed={trigger} /></details>}
      <details><summary>When it begins, and when it ends</summary><Fields prefix="fault" arguments={rest} typed={trigger} /></details>
      {step ? <StepText step={step} /> : <p class="note">{problem}</p>}
      <div class="buttons"><Button type="submit" tone="primary" icon="bolt" disabled={!step}>Arm</Button><Button onClick={() => { chosen.value = null; }}>Cancel</Button><span class="dim">now: {instant(clock.value.at)}</span></div>
    </form>
  );
}
