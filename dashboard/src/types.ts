// The documents of the control API, as far as the dashboard reads them. See /api/openapi.json.

export type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };
export type PlainObject = { [name: string]: Plain };

export interface Clock { mode: "frozen" | "realtime" | "speed"; speed: number; at: number; time: string }

export interface Interface {
  name: string; protocol: string; host: string | null; port: number | null; url: string | null;
  websocket?: string | null; prefix?: string | null; listening: boolean; off: string | null; switch_on: string | null;
}
export interface Wallbox {
  name: string; charger: string; vendor: string; model: string; firmware: string; serial: string; up: boolean;
  interfaces: Interface[];
}

/** A row of the overview. */
export interface Row {
  state: string; pilot: string; contactor: string; power: number; offered_current: number; phases: number;
  session_energy: number; vehicle: string | null; state_of_charge: number | null; faults: string[];
  injected: number; clients: number;
}

export interface Vehicle {
  name: string; model: string; state_of_charge: number; battery_energy: number; capacity: number; onboard: string;
  s2_closed: boolean; target_current: number; minimum_current: number; toggles: number; finished: boolean;
}
/** All quantities of a charger. */
export interface Charger {
  state: string; pilot: string; duty_cycle: number; contactor: string; lock: string; plugged: boolean;
  offered_current: number; effective_limit: number; phases: number; phases_requested: number; phase_switching: boolean;
  phase_current: number[]; phase_voltage: number[]; phase_power: number[]; neutral_current: number;
  power: number; reactive_power: number; apparent_power: number; power_factor: number; frequency: number;
  session_energy: number; total_energy: number; connected_for: number; charging_for: number; session: number;
  contactor_cycles: number; boots: number; cable_rating: number | null; derated: number | null;
  temperature: Record<string, number>; limits: Record<string, { current: number; binding: boolean }>;
  permissions: Record<string, boolean>; authorisations: Record<string, boolean>; faults: string[];
  vehicle: Vehicle | null; wallboxes: string[];
}

export interface Fault {
  name: string; on: string; kind: string; charger: string; state: string; in_force: boolean; since: number | null;
  hits: number; about: string;
}

export interface Entry {
  seq: number; at: number; wall: number | null; charger: string | null; wallbox: string | null;
  interface: string | null; client: string | null; kind: string; name: string; detail: PlainObject;
  cause: number | null; agent?: string; who?: string;
}

export interface Progress { steps: number; done: number; finished: boolean }
/** A mistake of the emulator itself. */
export interface Bug { id: string; where: string; text: string; count: number }
export interface Storage { file: string; problem: string | null; unsaved: number }
export interface State {
  version: string; scenario: string | null; about: string; seed: number; clock: Clock; wallboxes: Wallbox[];
  broker: string | null; faults: Fault[]; journal: number; timeline: Progress; failures: { at: number; text: string }[];
}

export type Message =
  | { type: "state"; state: State }
  | { type: "overview"; clock: Clock; faults: Fault[]; chargers: Record<string, Row>; journal: number; timeline: Progress; clients: number; bugs: Bug[]; storage: Storage | null; detail?: Charger }
  | { type: "entries"; entries: Entry[]; first?: boolean }
  | { type: "skipped"; entries: number };

export interface Schema {
  type?: string | string[]; enum?: Plain[]; const?: Plain; pattern?: string; examples?: Plain[]; minimum?: number; maximum?: number;
  anyOf?: Schema[]; oneOf?: Schema[]; properties?: Record<string, Schema>; items?: Schema; description?: string;
  additionalProperties?: boolean | Schema;
}
export interface Argument { name: string; about: string; expected: string; required: boolean; schema: Schema }
export interface StepKind { name: string; about: string; short: string | null; whole: boolean; physical: boolean; arguments: Argument[] }
export interface FaultKind { name: string; about: string; where: string[]; protocols: string[]; needs_key: boolean; arguments: Argument[] }
export interface Catalogue {
  vehicles: string[]; fault_kinds: FaultKind[]; steps: StepKind[]; events: string[];
  quantities: { name: string; unit: string; about: string }[];
}

export interface Outcome { step: string; at: number; ok: boolean; refused: string | null; message: string; detail: PlainObject }

export interface History {
  charger: string; since: number; settled: number; fixed: number; now: number; sensors: string[]; times: number[];
  values: Record<string, (number | null)[]>; changes: Record<string, [number, Plain][]>;
}

export interface VendorValue {
  address: string; name: string; table: string; type: string; about: string; readable: boolean; settable: boolean;
  live: boolean; source: string; assumed: string | null;
}
export interface OwnersSetting { name: string; about: string; persistent: boolean; schema: Schema; expected: string }
export interface Tables { wallbox: string; values: VendorValue[]; settings: OwnersSetting[] }
export interface Values { wallbox: string; up: boolean; values: PlainObject; hidden: Record<string, string>; settings: PlainObject }

export interface TimelineStep {
  step: string; arguments: Plain; at: number | null; after: number | null; within: number | null;
  expected: number | null; line: number | null; state: string; why: string | null;
}
export interface Timelines { file: string | null; end: number | null; finished: boolean; tracks: TimelineStep[][] }

export interface Rule { name: string; ok: boolean; expected: string; occurrences: number; nearest: string; text: string }
export interface Verdict {
  ok: boolean; rules: Rule[]; failures: { at: number; text: string }[];
  untested: { kind: string; name: string; why: string; place: string | null }[];
}
export interface Seen {
  wallbox: string; interface: string; client: string; agent: string | null; requests: number; writes: number;
  errors: number; last: string; at: number; wall: number | null;
}
export interface Measure { count: number; mean?: number; least?: number; most?: number }
export interface Contact {
  client: string; agent: string | null; wallbox: string; interface: string; requests: number; pushes: number;
  poll_interval: Measure; poll_interval_of_client: Measure; longest_silence: number | null; writes: number;
  writes_per_hour: number | null; writes_repeated: number; writes_refused: number; writes_read_back: number;
  errors: number; connections: number; reactions: Record<string, Measure | "none">; noticed: Record<string, Measure | "none">;
}
export interface Behaviour { at: number; after: number; clients: Contact[]; chargers: Record<string, { contactor: Record<string, number> }> }

export interface ChargePoint {
  identity: string; wallbox: string | null; connected: boolean; boot: PlainObject;
  statuses: { connector: number; status: string }[];
  transaction: { id: number; tag: string; meter_start: number } | null; meter_values: PlainObject;
  exchanges: { time: string; from: "charge_point" | "central_system"; action: string; payload: PlainObject; answer: PlainObject | null; error: string | null }[];
}
export interface CentralSystem { url: string | null; charge_points: ChargePoint[] }
