// What can be measured and known at a charger, now and since the start.
import { current, duration, energy, number, percent, pilotOf, plural, power, quantity, stateOf, words } from "../format";
import { useHistory } from "../history";
import { Badge, Card, Copy, Empty, Fact, Facts } from "../parts";
import { Lane, Plot, Ranges, type Series } from "../plot";
import { wallboxes } from "../store";
import type { Charger, History, Wallbox } from "../types";

const LINES = ["L1", "L2", "L3"] as const;

export function Live({ name, now }: { name: string; now: Charger }) {
  const history = useHistory(name).value;
  return (
    <div class="live">
      <div class="main">
        <Card title="Over simulated time" aside={<Ranges />} class="plots">
          {history ? <div data-points={history.times.length}><Plots history={history} now={now} /></div> : <Empty title="Loading what happened so far" />}
        </Card>
        <Boxes boxes={wallboxes.value.filter(box => box.charger === name)} />
      </div>
      <div class="side">
        <Electrical now={now} />
        <Limits now={now} />
        <VehicleCard now={now} />
        <Temperatures now={now} sensors={history?.sensors ?? []} />
      </div>
    </div>
  );
}

const scaled = (values: (number | null)[] | undefined, by: number) => (values ?? []).map(value => (value == null ? null : value * by));

function Plots({ history, now }: { history: History; now: Charger }) {
  const v = history.values;
  const lines: Series[] = LINES.slice(0, now.phase_voltage.length).map((line, index) => ({ name: line, colour: `--l${index + 1}`, values: v[`phase_current.${line}`] ?? [], dash: [[], [8, 4], [2, 3]][index] }));
  const temperatures: Series[] = history.sensors.map((sensor, index) => ({ name: words(sensor), colour: `--t${(index % 6) + 1}`, values: v[`temperature.${sensor}`] ?? [] }));
  const charged = (v["state_of_charge"] ?? []).some(value => value !== null);
  return (
    <>
      <Plot title="Power" unit="kW" digits={2} history={history} series={[{ name: "active", colour: "--power", values: scaled(v["power"], 1e-3), fill: true }]} />
      <Plot title="Current" unit="A" history={history} series={[{ name: "offered", colour: "--offer", values: v["offered_current"] ?? [] }, ...lines]} />
      <Lane title="State" history={history} changes={history.changes["state"] ?? []} toneOf={value => STATE_TONES[value] ?? "idle"} textOf={value => stateOf(value)[0]} />
      <Lane title="Pilot" history={history} changes={history.changes["pilot"] ?? []} toneOf={value => ({ A: "idle", B: "info", C: "good", D: "warn" })[value] ?? "bad"} />
      <Lane title="Contactor" history={history} changes={history.changes["contactor"] ?? []} toneOf={value => (value === "closed" ? "good" : "idle")} />
      <Lane title="Faults" history={history} changes={history.changes["faults"] ?? []} toneOf={() => "bad"} />
      {charged && <Plot title="State of charge" unit="%" height={96} zero={false} history={history} series={[{ name: "vehicle", colour: "--t4", values: scaled(v["state_of_charge"], 100) }]} />}
      <Plot title="Temperature" unit="°C" height={120} zero={false} history={history} series={temperatures} />
      <p class="hint">Drag over a plot to look closer, double-click for everything. Times count from the start of the scenario.</p>
    </>
  );
}
const STATE_TONES: Record<string, string> = {
  charging: "good", c_closing: "good", fault: "bad", off: "bad", boot: "warn", a: "idle", disabled: "warn", phase_switch: "warn", wakeup: "warn", c_stopping: "warn",
  b_auth: "info", b_wait: "info", b_ready: "info",
};

const Electrical = ({ now }: { now: Charger }) => (
  <Card title="Electrical" aside={<Badge tone={now.contactor === "closed" ? "good" : "quiet"}>contactor {now.contactor}</Badge>}>
    <div class="big"><strong>{number(now.power / 1000, 2)}</strong><span>kW</span><small>{now.offered_current ? `${current(now.offered_current)} offered per phase` : "nothing offered"}</small></div>
    <table class="numbers">
      <thead><tr><th scope="col">Line</th><th scope="col">Current</th><th scope="col">Voltage</th><th scope="col">Power</th></tr></thead>
      <tbody>
        {LINES.map((line, index) => (
          <tr>
            <th scope="row"><i class={`swatch l${index + 1}`} />{line}</th>
            <td>{quantity(now.phase_current[index], "A", 2)}</td><td>{quantity(now.phase_voltage[index], "V", 1)}</td><td>{power(now.phase_power[index])}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <Facts>
      <Fact label="Pilot" title={pilotOf(now.pilot, now.state)}>{now.pilot} <small>{pilotOf(now.pilot, now.state)}</small></Fact>
      <Fact label="Duty cycle">{quantity(now.duty_cycle, "%", 1)}</Fact>
      <Fact label="Phases">{now.phases}{now.phases_requested !== now.phases && <small> {now.phases_requested} requested</small>}</Fact>
      <Fact label="Lock">{now.lock}</Fact>
      <Fact label="Session">{energy(now.session_energy)}</Fact>
      <Fact label="Meter">{energy(now.total_energy)}</Fact>
      <Fact label="Connected">{duration(now.connected_for)}</Fact>
      <Fact label="Charging">{duration(now.charging_for)}</Fact>
      <Fact label="Power factor">{number(now.power_factor, 3)}</Fact>
      <Fact label="Frequency">{quantity(now.frequency, "Hz", 2)}</Fact>
      <Fact label="Neutral">{quantity(now.neutral_current, "A", 2)}</Fact>
      <Fact label="Contactor cycles">{now.contactor_cycles}</Fact>
    </Facts>
  </Card>
);

const SHOWN = 6;

function Limits({ now }: { now: Charger }) {
  const limits = Object.entries(now.limits).sort((a, b) => Number(b[1].binding) - Number(a[1].binding) || a[1].current - b[1].current);
  const most = Math.max(...limits.map(([, limit]) => limit.current), 1);
  const permissions = [...Object.entries(now.permissions), ...Object.entries(now.authorisations).map(([owner, granted]) => [`${owner} (authorisation)`, granted] as const)];
  const granted = permissions.filter(([, is]) => is), refused = permissions.filter(([, is]) => !is);
  const line = ([owner, limit]: (typeof limits)[number]) => (
    <li key={owner} class={limit.binding ? "binding" : ""}>
      <span class="owner">{owner}</span>{limit.binding && <Badge tone="info">binding</Badge>}<span class="value">{current(limit.current)}</span>
      <i class="gauge"><i style={{ width: `${(limit.current / most) * 100}%` }} /></i>
    </li>
  );
  return (
    <Card title="Limits and permissions" aside={<span>{current(now.effective_limit)} binds</span>}>
      <ul class="limits">{limits.slice(0, SHOWN).map(line)}</ul>
      {limits.length > SHOWN && <details class="more"><summary>{plural(limits.length - SHOWN, "higher limit")}</summary><ul class="limits">{limits.slice(SHOWN).map(line)}</ul></details>}
      <ul class="permissions">{refused.map(([owner]) => <li key={owner}><Badge tone="warn">forbids</Badge><span>{owner}</span></li>)}</ul>
      {refused.length === 0 && granted.length > 0 && <p class="hint">Nobody forbids charging.</p>}
      {granted.length > 0 && <details class="more"><summary>{plural(granted.length, "permission")} given</summary><ul class="permissions">{granted.map(([owner]) => <li key={owner}><Badge tone="good">permits</Badge><span>{owner}</span></li>)}</ul></details>}
      {now.derated !== null && <p class="note">Derated to {current(now.derated)} because of its temperature.</p>}
    </Card>
  );
}

function VehicleCard({ now }: { now: Charger }) {
  const vehicle = now.vehicle;
  if (!vehicle) return <Card title="Vehicle"><Empty icon="car" title="Nothing is plugged in" /></Card>;
  return (
    <Card title="Vehicle" aside={<Badge tone={vehicle.onboard === "charging" ? "good" : "quiet"}>{words(vehicle.onboard)}</Badge>}>
      <div class="battery"><i style={{ width: `${vehicle.state_of_charge * 100}%` }} /><span>{percent(vehicle.state_of_charge, 1)}</span></div>
      <Facts>
        <Fact label="Model">{vehicle.name === vehicle.model ? vehicle.model : `${vehicle.name} (${vehicle.model})`}</Fact>
        <Fact label="Battery">{energy(vehicle.battery_energy)} <small>of {energy(vehicle.capacity)}</small></Fact>
        <Fact label="Heading for">{current(vehicle.target_current)}</Fact>
        <Fact label="Needs at least">{current(vehicle.minimum_current)}</Fact>
        <Fact label="S2">{vehicle.s2_closed ? "closed" : "open"}</Fact>
        <Fact label="Stops counted">{vehicle.toggles}</Fact>
      </Facts>
    </Card>
  );
}

function Temperatures({ now, sensors }: { now: Charger; sensors: string[] }) {
  return (
    <Card title="Temperatures">
      <Facts>{sensors.map(sensor => <Fact label={words(sensor)}>{quantity(now.temperature[sensor], "°C")}</Fact>)}</Facts>
    </Card>
  );
}

export const Boxes = ({ boxes }: { boxes: Wallbox[] }) => (
  <Card title="Wallboxes and their addresses">
    {boxes.length === 0 && <Empty title="No wallbox runs this charger" />}
    <ul class="boxes">
      {boxes.map(box => (
        <li>
          <div class="who"><strong>{box.name.split(".")[1]}</strong><span>{box.model} <Badge>{box.firmware}</Badge>{!box.up && <Badge tone="warn">down</Badge>}</span><small>{box.vendor}, serial {box.serial}</small></div>
          <ul class="interfaces">
            {box.interfaces.map(one => (
              <li>
                <span class="protocol">{one.name}</span>
                {one.url && one.port !== 0 ? <Copy text={one.url} label={`copy the address of ${box.name}.${one.name}`}><code>{one.url}</code></Copy> : <span class="dim">{one.name === "mdns" ? "announced on the network" : "no address"}</span>}
                {one.websocket && <Copy text={one.websocket} label={`copy the WebSocket's address of ${box.name}`}><code>{one.websocket}</code></Copy>}
                {one.prefix && <Copy text={one.prefix} label={`copy the topics' prefix of ${box.name}`}><code>{one.prefix.replace(/\/$/, "")}/…</code></Copy>}
                {one.off ? <Badge tone="warn" title={one.switch_on ?? undefined}>off</Badge> : !one.listening && <Badge tone="quiet">not there now</Badge>}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  </Card>
);
