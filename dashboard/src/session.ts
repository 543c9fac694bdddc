// What was done on this page: every click is a step, shown as YAML and as a command, and all of them together are a
// scenario. Times are simulated seconds, so that a session plays the same however fast time ran.
import { computed, effect, signal } from "@preact/signals";
import { parse, stringify } from "yaml";
import { ApiError, call } from "./api";
import { asked, clock, progress, refreshWallboxes, state } from "./store";
import { instant, statedSeconds } from "./format";
import type { Outcome, Plain, PlainObject, Wallbox } from "./types";

export type Step = { [name: string]: Plain };
export interface Done { id: number; at: number; step: Step; outcome: string; ok: boolean }

const KEY = "charger-emulator-session";
interface Kept { done: Done[]; rules: Plain[] }
const kept = (() => {
  try { return JSON.parse(sessionStorage.getItem(KEY) ?? "") as Kept; } catch { return null; }
})();
export const done = signal<Done[]>(kept?.done ?? []);
/** Rules that were added on this page. */
export const rules = signal<Plain[]>(kept?.rules ?? []);
let last = Number(sessionStorage.getItem(`${KEY}-at`) ?? 0);
effect(() => sessionStorage.setItem(KEY, JSON.stringify({ done: done.value, rules: rules.value })));
// Time that runs backwards is a reset or a snapshot brought back: what was done later has not happened.
effect(() => {
  const at = clock.value.at;
  if (clock.value.time === "") return;
  if (at < last - 1e-6) {
    done.value = done.peek().filter(one => one.at <= at);
    if (at === 0) rules.value = [];
  }
  last = at;
  sessionStorage.setItem(`${KEY}-at`, String(at));
});

// --- telling --------------------------------------------------------------------------------------------------------

export interface Notice { id: number; text: string; tone: "good" | "bad"; step?: Step; command?: string }
export const notices = signal<Notice[]>([]);
let count = kept?.done.length ? Math.max(...kept.done.map(one => one.id)) : 0;

/** `step`, `command`: how to do the same without this page. */
export function tell(text: string, tone: Notice["tone"] = "good", { step, command }: Pick<Notice, "step" | "command"> = {}) {
  const id = ++count;
  notices.value = [...notices.value.slice(-2), { id, text, tone, step, command }];
  setTimeout(() => dismiss(id), tone === "bad" ? 12_000 : 5_000);
}
export const dismiss = (id: number) => { notices.value = notices.value.filter(notice => notice.id !== id); };
export const complain = (error: unknown) => tell(error instanceof Error ? error.message : String(error), "bad");

/** Do a step, and remember it. False if it was not done. */
export async function perform(step: Step): Promise<boolean> {
  try {
    const outcome = await call<Outcome>("POST", "/api/steps", step);
    const text = outcome.ok ? `${named(step)} at ${instant(outcome.at)}` : `${named(step)}: ${outcome.message || outcome.refused}`;
    done.value = [...done.value, { id: ++count, at: outcome.at, step, outcome: outcome.message, ok: outcome.ok }];
    tell(text, outcome.ok ? "good" : "bad", { step });
    if ("set_firmware" in step || "set" in step || "reboot" in step) void refreshWallboxes();
    return outcome.ok;
  } catch (error) {
    tell(error instanceof ApiError ? error.message : `no answer from the emulator (${error})`, "bad", { step });
    return false;
  }
}

/** Something that is no step: done without being part of the scenario. */
export async function ask<T>(method: string, path: string, body?: Plain): Promise<T | null> {
  try {
    const found = await call<T>(method, path, body);
    asked.value++;
    return found;
  } catch (error) { complain(error); return null; }
}

export const nameOf = (step: Step) => Object.keys(step)[0] ?? "";
const named = (step: Step) => nameOf(step).replaceAll("_", " ");

// --- as YAML --------------------------------------------------------------------------------------------------------

/** In one line, as in a timeline. */
export const asYaml = (value: Plain) => stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false }).trim();

/** What was typed: a number, a list, a mapping or a text, as in a scenario. */
export function fromYaml(text: string): Plain { return parse(text) as Plain; }

// --- as a command ---------------------------------------------------------------------------------------------------

const PLAIN = /^[\w.:/@%+,=-]+$/;
const quoted = (word: string) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
const worded = (value: Plain): string => (typeof value === "string" ? value : JSON.stringify(value));

/** `charger-emulator ctl ...` for a step. */
export function asCommand(step: Step): string {
  const name = nameOf(step), argument = step[name] ?? null;
  const words: string[] = [];
  if (argument !== null && typeof argument === "object" && !Array.isArray(argument))
    for (const [key, value] of Object.entries(argument)) words.push(quoted(`${key}=${worded(value)}`));
  else if (argument !== null) words.push(quoted(worded(argument)));
  return ["charger-emulator", "ctl", ...urlOption(), name.replaceAll("_", "-"), ...words].join(" ");
}
export const asCtl = (...words: string[]) => ["charger-emulator", "ctl", ...urlOption(), ...words.map(quoted)].join(" ");
const urlOption = () => (location.origin === "http://127.0.0.1:8000" ? [] : ["--url", location.origin]);

// --- as a scenario --------------------------------------------------------------------------------------------------

/** What runs when no scenario is named, with the wallboxes it has. */
function standard(boxes: Wallbox[]): PlainObject {
  const names = boxes.map(box => box.name.split(".")[1]!);
  const hardware = { rated_current: "32 A", phases: 3, connector: "tethered", total_energy: "1234567 Wh" };
  return { charger: { ...hardware, interfaces: "all", wallboxes: names } };
}

/** Everything done in this session that was not refused, as a scenario that does the same. */
export const scenario = computed(() => {
  const file = state.value?.scenario ?? null;
  const name = file?.split(/[\\/]/).pop() ?? "";
  const steps = done.value.filter(one => one.ok).map(one => ({ at: statedSeconds(one.at), ...one.step }));
  const head = [
    "# Saved from a session on the dashboard.",
    ...(file ? [`# It goes on from ${name}: keep it beside that file.`] : []),
  ];
  const parts: string[] = [...head, `about: ${asYaml("A session on the dashboard.")}`, `seed: ${state.value?.seed ?? 0}`];
  if (file) parts.push(`include: ${asYaml(name)}`);
  else parts.push(stringify({ chargers: standard(state.value?.wallboxes ?? []) }, { lineWidth: 0 }).trim());
  parts.push(steps.length ? "steps:" : "steps: []", ...steps.map(step => `  - ${asYaml(step)}`));
  if (rules.value.length) parts.push("rules:", ...rules.value.map(rule => `  - ${asYaml(rule)}`));
  // A scenario that is not over yet ends as it says itself.
  const end = Math.max(clock.value.at, ...done.value.map(one => one.at));
  if (!file || progress.value.finished) parts.push(`end: {at: ${statedSeconds(Math.ceil(end * 1000) / 1000)}}`);
  return parts.join("\n") + "\n";
});

export function save() {
  const url = URL.createObjectURL(new Blob([scenario.value], { type: "application/yaml" }));
  const anchor = Object.assign(document.createElement("a"), { href: url, download: "session.yaml" });
  anchor.click();
  URL.revokeObjectURL(url);
}
