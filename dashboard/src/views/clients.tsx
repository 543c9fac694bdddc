// The clients under test: who was seen, how they behaved, and the charge points of the emulator's own central system.
import { useSignal } from "@preact/signals";
import { brief, duration, instant, number, words } from "../format";
import { useDocument } from "../live";
import { Badge, Button, Card, Copy, Empty, Fact, Facts, Field, Select, StepText } from "../parts";
import { fromYaml, perform, type Step } from "../session";
import { clock } from "../store";
import type { Behaviour, CentralSystem, Contact, ChargePoint, Measure, Plain, Seen } from "../types";

export function ClientsPage() {
  const seen = useDocument<{ clients: Seen[] }>("/api/clients").value, behaviour = useDocument<Behaviour>("/api/behaviour", 10_000).value;
  const central = useDocument<CentralSystem>("/api/central_system").value;
  return (
    <div class="page clients">
      <div class="headline"><h1>Clients</h1></div>
      <Card title="Seen at the wallboxes">
        {seen?.clients.length === 0 && <Empty icon="search" title="No client has come yet">Point it at an address of a wallbox: they are on the charger's page, ready to be copied.</Empty>}
        {seen !== null && seen.clients.length > 0 && (
          <div class="scroll"><table class="list">
            <thead><tr><th scope="col">Client</th><th scope="col">Interface</th><th scope="col">Last</th><th scope="col" class="n">Ago</th><th scope="col" class="n">Requests</th><th scope="col" class="n">Writes</th><th scope="col" class="n">Errors</th></tr></thead>
            <tbody>{seen.clients.slice(0, 200).map(one => (
              <tr><td><strong>{one.client}</strong>{one.agent && <small>{one.agent}</small>}</td><td>{one.wallbox}.{one.interface}</td><td><code>{brief(one.last, 60)}</code></td><td class="n">{duration(Math.max(0, Math.round(clock.value.at - one.at)))}</td><td class="n">{one.requests}</td><td class="n">{one.writes}</td><td class="n">{one.errors ? <Badge tone="bad">{one.errors}</Badge> : 0}</td></tr>
            ))}</tbody>
          </table></div>
        )}
      </Card>
      {behaviour !== null && behaviour.clients.some(real) && <BehaviourCard behaviour={behaviour} />}
      {central?.url && <Central central={central} />}
    </div>
  );
}

/** Steps write values as well, and the emulator has a central system of its own; they are no clients under test. */
const OWN = new Set(["scenario", "somebody else", "embedded"]);
const real = (one: Contact) => !OWN.has(one.client);
const mean = (measure: Measure | null | undefined) => (measure?.count ? duration(measure.mean) : "–");
const reactions = (found: Record<string, Measure | "none">) => Object.entries(found).map(([what, measure]) => `${words(what)}: ${measure === "none" ? "none" : mean(measure)}`).join(", ") || "–";

const BehaviourCard = ({ behaviour }: { behaviour: Behaviour }) => (
  <Card title="How they behaved" aside={<span>until {instant(behaviour.at)}{behaviour.after > 0 && ", from the newest journal entries"}</span>}>
    <div class="cards">
      {behaviour.clients.filter(real).slice(0, 60).map(one => (
        <article>
          <h3>{one.client}<small>{one.wallbox}.{one.interface}</small></h3>
          <Facts>
            <Fact label="Asks every">{mean(one.poll_interval)}</Fact>
            <Fact label="In its own time">{mean(one.poll_interval_of_client)}</Fact>
            <Fact label="Longest silence">{duration(one.longest_silence)}</Fact>
            <Fact label="Writes">{one.writes}{one.writes_per_hour != null && <small>{number(one.writes_per_hour)} per hour</small>}</Fact>
            <Fact label="Repeated">{one.writes_repeated}</Fact>
            <Fact label="Refused">{one.writes_refused}</Fact>
            <Fact label="Read back">{one.writes_read_back}</Fact>
            <Fact label="Errors">{one.errors}</Fact>
            <Fact label="Connections">{one.connections}</Fact>
            <Fact label="Reacted after">{reactions(one.reactions)}</Fact>
          </Facts>
        </article>
      ))}
    </div>
  </Card>
);

// --- the central system ---------------------------------------------------------------------------------------------

const CALLS: Record<string, Plain> = {
  RemoteStartTransaction: { connectorId: 1, idTag: "04A1B2C3" }, RemoteStopTransaction: { transactionId: "running" },
  SetChargingProfile: {
    connectorId: 1, csChargingProfiles: {
      chargingProfileId: 1, stackLevel: 0, chargingProfilePurpose: "TxDefaultProfile", chargingProfileKind: "Absolute",
      chargingSchedule: { startSchedule: "2020-01-01T00:00:00Z", chargingRateUnit: "A", chargingSchedulePeriod: [{ startPeriod: 0, limit: 10 }] },
    },
  },
  ClearChargingProfile: {}, GetCompositeSchedule: { connectorId: 1, duration: 3600 }, GetConfiguration: {},
  ChangeConfiguration: { key: "HeartbeatInterval", value: "60" }, ChangeAvailability: { connectorId: 1, type: "Inoperative" },
  TriggerMessage: { requestedMessage: "MeterValues", connectorId: 1 }, UnlockConnector: { connectorId: 1 }, Reset: { type: "Soft" },
};

const Central = ({ central }: { central: CentralSystem }) => (
  <Card title="Central system (OCPP 1.6J)" aside={central.url && <Copy text={central.url} label="copy the address"><code>{central.url}</code></Copy>}>
    {central.charge_points.length === 0 && <Empty title="No charge point has connected yet" />}
    {central.charge_points.map(point => <Point key={point.identity} point={point} />)}
  </Card>
);

function Point({ point }: { point: ChargePoint }) {
  const action = useSignal("RemoteStartTransaction"), payload = useSignal(JSON.stringify(CALLS["RemoteStartTransaction"]));
  let step: Step | null = null;
  if (point.wallbox) try { step = { ocpp_call: { wallbox: point.wallbox, action: action.value, payload: fromYaml(payload.value || "{}") } }; } catch { step = null; }
  const submit = (event: Event) => { event.preventDefault(); if (step) void perform(step); };
  return (
    <article class="point">
      <h3>{point.identity} <Badge tone={point.connected ? "good" : "warn"}>{point.connected ? "connected" : "not connected"}</Badge>{point.statuses.map(one => <Badge tone={one.status === "Faulted" ? "bad" : one.status === "Charging" ? "good" : "info"}>{one.connector}: {one.status}</Badge>)}</h3>
      <Facts>
        {point.wallbox && <Fact label="Wallbox">{point.wallbox}</Fact>}
        <Fact label="Boot">{[point.boot["chargePointVendor"], point.boot["chargePointModel"], point.boot["firmwareVersion"]].filter(Boolean).join(", ") || "–"}</Fact>
        <Fact label="Transaction">{point.transaction ? `${point.transaction.id}, tag ${point.transaction.tag}` : "none"}</Fact>
      </Facts>
      <div class="scroll calls"><table class="list">
        <thead><tr><th scope="col">Time</th><th scope="col">Call</th><th scope="col">Payload</th><th scope="col">Answer</th></tr></thead>
        <tbody>{point.exchanges.toReversed().map(one => (
          <tr><td>{one.time.slice(11, 19)}</td><td>{one.from === "central_system" ? "← " : "→ "}{one.action}</td><td><code title={JSON.stringify(one.payload)}>{brief(one.payload, 120)}</code></td>
            <td>{one.error ? <Badge tone="bad">{one.error}</Badge> : <code title={JSON.stringify(one.answer)}>{one.answer ? brief(one.answer, 120) : "–"}</code>}</td></tr>
        ))}</tbody>
      </table></div>
      {point.wallbox && (
        <form class="form" onSubmit={submit}>
          <div class="fields">
            <Field label="call" id={`${point.identity}-action`}><Select id={`${point.identity}-action`} value={action.value} options={Object.keys(CALLS)} onChange={one => { action.value = one; payload.value = JSON.stringify(CALLS[one]); }} /></Field>
            <Field label="payload" id={`${point.identity}-payload`}><textarea id={`${point.identity}-payload`} rows={2} value={payload.value} onInput={event => { payload.value = event.currentTarget.value; }} spellcheck={false} /></Field>
          </div>
          {step ? <StepText step={step} /> : <p class="note">The payload is not JSON.</p>}
          <div class="buttons"><Button type="submit" tone="primary" disabled={!step}>Send call</Button></div>
        </form>
      )}
    </article>
  );
}
