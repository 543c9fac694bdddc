// How numbers, times and names look. Every number comes with its unit, and a unit is chosen so that it has 1 to 3 digits before the point.

const THIN = "\u202f";

export function number(value: number | null | undefined, digits = 1): string {
  if (value == null || !Number.isFinite(value)) return "–";
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
export const quantity = (value: number | null | undefined, unit: string, digits = 1) =>
  value == null ? "–" : `${number(value, digits)}${THIN}${unit}`;

export function power(watts: number | null | undefined): string {
  if (watts == null) return "–";
  return Math.abs(watts) >= 1000 ? quantity(watts / 1000, "kW", 2) : quantity(watts, "W", 0);
}
export function energy(wattHours: number | null | undefined): string {
  if (wattHours == null) return "–";
  return Math.abs(wattHours) >= 1000 ? quantity(wattHours / 1000, "kWh", 2) : quantity(wattHours, "Wh", 0);
}
export const current = (amperes: number | null | undefined) => quantity(amperes, "A", amperes != null && Number.isInteger(amperes) ? 0 : 1);
export const percent = (share: number | null | undefined, digits = 0) => (share == null ? "–" : quantity(share * 100, "%", digits));

const two = (value: number) => String(value).padStart(2, "0");

/** Simulated time since the start: 0:01:12, 2 d 3:00:00; with milliseconds where there are any. */
export function instant(seconds: number | null | undefined, fine = false): string {
  if (seconds == null) return "–";
  const sign = seconds < 0 ? "−" : "";
  const whole = Math.floor(Math.abs(seconds) + (fine ? 0 : 1e-6));
  const rest = Math.round((Math.abs(seconds) - whole) * 1000);
  const days = Math.floor(whole / 86400), hours = Math.floor(whole / 3600) % 24, minutes = Math.floor(whole / 60) % 60;
  return `${sign}${days ? `${days} d ` : ""}${hours}:${two(minutes)}:${two(whole % 60)}${fine ? "." + String(rest).padStart(3, "0") : ""}`;
}

/** A duration with the unit that fits. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return "–";
  if (seconds === 0) return `0${THIN}s`;
  if (seconds < 1) return quantity(seconds * 1000, "ms", seconds < 0.01 ? 1 : 0);
  if (seconds < 120) return quantity(seconds, "s", Number.isInteger(seconds) ? 0 : 1);
  if (seconds < 7200) return quantity(seconds / 60, "min", seconds % 60 ? 1 : 0);
  if (seconds < 172800) return quantity(seconds / 3600, "h", 1);
  return quantity(seconds / 86400, "d", 1);
}

/** As a scenario would write it. */
export const statedSeconds = (seconds: number) => `${+seconds.toFixed(3)} s`;

export const words = (name: string) => name.replaceAll("_", " ");
export const plural = (count: number, noun: string) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : noun.endsWith("x") ? "es" : "s"}`;

/** JSON in one line, cut after `most` characters. */
export function brief(value: unknown, most = 200): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > most ? text.slice(0, most) + "…" : text;
}

/** What a charger is doing, and how that looks. */
export type Tone = "good" | "info" | "warn" | "bad" | "quiet";
const STATES: Record<string, [string, Tone]> = {
  off: ["No power", "bad"], boot: ["Starting", "info"], disabled: ["Out of service", "warn"], a: ["Free", "quiet"],
  b_auth: ["Waits for card", "info"], b_wait: ["Nothing offered", "info"], b_ready: ["Ready, car waits", "info"],
  c_closing: ["Starting to charge", "good"], charging: ["Charging", "good"], c_stopping: ["Stopping", "warn"],
  phase_switch: ["Switching phases", "warn"], wakeup: ["Waking the car", "warn"], fault: ["Fault", "bad"],
};
export const stateOf = (state: string): [string, Tone] => STATES[state] ?? [words(state), "quiet"];

const PILOT: Record<string, string> = {
  A: "no vehicle", B: "vehicle connected", C: "vehicle charges", D: "vehicle charges, wants ventilation",
  E: "pilot at 0 V", F: "not available",
};
/** A pilot at 0 V is a short circuit only while the charger has power. */
export function pilotOf(pilot: string, state: string): string {
  if (state === "off") return "no power on the pilot";
  return PILOT[pilot] ?? pilot;
}
