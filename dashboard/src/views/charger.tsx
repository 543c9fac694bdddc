// One charger: its actions, and tabs of what there is to see of it.
import { useSignal } from "@preact/signals";
import { stateOf, power, words } from "../format";
import { Badge, Button, Card, Empty, Icon, Select, Tabs } from "../parts";
import { perform } from "../session";
import { catalogue, detail, go, link, route, rows, wallboxes } from "../store";
import { Faults } from "./faults";
import { Journal } from "./journal";
import { Live } from "./live";
import { openStep } from "./steps";
import { Values } from "./values";

const TABS = [
  { id: "live", title: "Live" }, { id: "values", title: "Values" }, { id: "faults", title: "Faults" }, { id: "journal", title: "Journal" },
];

export function ChargerPage({ name }: { name: string }) {
  const row = rows.value.get(name), now = detail.value;
  if (!row) return <div class="page"><Empty icon="search" title={`There is no charger “${name}”`}><a href={link("chargers")}>All chargers</a></Empty></div>;
  const tab = TABS.some(one => one.id === route.value.tab) ? route.value.tab : "live";
  const [title, tone] = stateOf(row.state);
  return (
    <div class="page charger">
      <div class="headline">
        {rows.value.size > 1 && <a class="back" href={link("chargers")} aria-label="all chargers"><Icon name="back" /></a>}
        <h1>{name}</h1>
        <Badge tone={tone}>{title}</Badge>
        <strong class="power">{power(row.power)}</strong>
        {row.faults.map(fault => <Badge key={fault} tone="bad" title="detected by the charger"><Icon name="warn" />{words(fault)}</Badge>)}
      </div>
      <Actions name={name} plugged={now?.vehicle != null} powered={row.state !== "off"} />
      <Tabs label={`about ${name}`} tabs={TABS.map(one => (one.id === "faults" && row.injected ? { ...one, title: <>Faults <span class="counter">{row.injected}</span></> } : one))} chosen={tab} onChoose={id => go("charger", name, id)} />
      {tab === "live" && (now ? <Live name={name} now={now} /> : <Card><Empty title="Waiting for the first values" /></Card>)}
      {tab === "values" && <Values charger={name} />}
      {tab === "faults" && <Faults charger={name} />}
      {tab === "journal" && <Journal charger={name} />}
    </div>
  );
}

function Actions({ name, plugged, powered }: { name: string; plugged: boolean; powered: boolean }) {
  const vehicle = useSignal(""), card = useSignal("04A1B2C3");
  const vehicles = catalogue.value?.vehicles ?? [];
  const boxes = wallboxes.value.filter(box => box.charger === name);
  return (
    <div class="actions" role="group" aria-label="what happens to the charger">
      {plugged
        ? <Button icon="car" onClick={() => perform({ unplug: { charger: name } })}>Unplug</Button>
        : (
          <span class="joined">
            <Select label="vehicle" value={vehicle.value || vehicles[0] || ""} options={vehicles} onChange={value => { vehicle.value = value; }} />
            <Button icon="car" tone="primary" onClick={() => perform({ plug_in: { charger: name, vehicle: vehicle.value || vehicles[0]! } })}>Plug in</Button>
          </span>
        )}
      {boxes.length > 0 && (
        <span class="joined">
          <input class="tag" aria-label="id of the card" value={card.value} onInput={event => { card.value = event.currentTarget.value; }} spellcheck={false} />
          <Button onClick={() => perform({ present_card: { charger: name, tag: card.value } })}>Present card</Button>
        </span>
      )}
      {powered
        ? <Button icon="bolt" onClick={() => perform({ power_cut: { charger: name } })}>Cut power</Button>
        : <Button icon="bolt" tone="primary" onClick={() => perform({ power_up: { charger: name } })}>Restore power</Button>}
      <Button icon="reset" onClick={() => perform({ reboot: { charger: name } })}>Reboot</Button>
      <Button icon="plus" onClick={() => openStep(name)}>Any step…</Button>
    </div>
  );
}
