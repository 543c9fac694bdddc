// The clock: simulated time, how fast it runs, and jumps.
import { signal } from "@preact/signals";
import { instant } from "../format";
import { Button, Dialog, Field, Line, Select } from "../parts";
import { ask, asCtl, fromYaml, tell } from "../session";
import { clock } from "../store";
import type { Clock, Plain } from "../types";

const SPEEDS = [1, 10, 60, 600, 3600];
let before = 1;

export async function setSpeed(speed: number) {
  if (clock.value.speed) before = clock.value.speed;
  const found = await ask<Clock>("PUT", "/api/clock", { speed });
  if (!found) return;
  clock.value = found;
  const word = speed === 0 ? "frozen" : speed === 1 ? "realtime" : String(speed);
  tell(speed === 0 ? "time stands still" : `time runs at ${speed}×`, "good", { command: asCtl("clock", word) });
}
export const toggleClock = () => setSpeed(clock.value.speed ? 0 : before);

interface Advanced { at: number; elapsed: number; reached: boolean; items: { quantity: string; expected: Plain; found: Plain; ok: boolean }[] }
const busy = signal(false), open = signal(false), by = signal("1 h"), until = signal(""), within = signal("");

export async function advance(wanted: Record<string, Plain>) {
  if (busy.value) return;
  busy.value = true;
  const found = await ask<Advanced>("POST", "/api/clock/advance", wanted);
  busy.value = false;
  if (!found) return;
  const command = typeof wanted["by"] === "string" ? asCtl("advance", wanted["by"]) : undefined;
  if (found.reached) tell(`it is ${instant(found.at)} now`, "good", { command });
  else tell(`not reached: ${found.items.filter(item => !item.ok).map(item => `${item.quantity} is ${JSON.stringify(item.found)}`).join(", ")}`, "bad");
  open.value = false;
}
export const openAdvance = () => { open.value = true; };

export function ClockBar() {
  const now = clock.value, stands = now.speed === 0;
  const speeds = SPEEDS.includes(now.speed) || stands ? SPEEDS : [...SPEEDS, now.speed].sort((a, b) => a - b);
  return (
    <div class="clock" role="group" aria-label="simulated time">
      <div class="times"><strong aria-live="off">{instant(now.at)}</strong><small><span class="date">{now.time.slice(0, 10)} </span>{now.time.slice(11, 19)}</small></div>
      <Button icon={stands ? "play" : "pause"} title={stands ? "let time run" : "freeze time"} onClick={toggleClock} pressed={!stands} />
      <Select label="speed of time" value={String(now.speed)} onChange={speed => setSpeed(Number(speed))} options={[["0", "frozen"], ...speeds.map(speed => [String(speed), `${speed}×`] as const)]} />
      <Button disabled={busy.value} title="jump one minute ahead" onClick={() => advance({ by: "1 min" })}>+1 min</Button>
      <Button disabled={busy.value} title="jump ahead by any time, or until something holds" icon="skip" onClick={openAdvance} />
    </div>
  );
}

export function AdvanceDialog() {
  if (!open.value) return null;
  let expected: Plain = null, problem = "";
  if (until.value.trim()) try { expected = fromYaml(until.value); if (typeof expected !== "object") problem = 'expected quantities such as power: "> 3 kW"'; } catch { problem = 'expected quantities such as power: "> 3 kW"'; }
  const pairs = expected && typeof expected === "object" && !Array.isArray(expected) ? Object.entries(expected).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`) : [];
  return (
    <Dialog title="Jump ahead" onClose={() => { open.value = false; }}>
      <p class="about">Everything on the way happens, in order and at its exact instant.</p>
      <form class="form" onSubmit={event => { event.preventDefault(); void advance({ by: by.value }); }}>
        <div class="quick">{["10 s", "1 min", "10 min", "1 h", "8 h", "1 d"].map(text => <Button small onClick={() => { by.value = text; }} pressed={by.value === text}>{text}</Button>)}</div>
        <div class="fields"><Field label="by" id="advance-by"><input id="advance-by" value={by.value} onInput={event => { by.value = event.currentTarget.value; }} /></Field></div>
        <div class="step-text"><Line label="ctl" text={asCtl("advance", by.value)} /></div>
        <div class="buttons"><Button type="submit" tone="primary" icon="skip" disabled={busy.value}>Jump {by.value}</Button></div>
      </form>
      <form class="form" onSubmit={event => { event.preventDefault(); void advance({ until: expected, ...(within.value ? { within: within.value } : {}) }); }}>
        <h3>Until something holds</h3>
        <div class="fields">
          <Field label="quantities" id="advance-until" hint='such as power: "> 3 kW", one in each line'><textarea id="advance-until" rows={2} value={until.value} placeholder={'power: "> 3 kW"'} onInput={event => { until.value = event.currentTarget.value; }} spellcheck={false} /></Field>
          <Field label="within" id="advance-within" hint="then give up; default: 10 min"><input id="advance-within" value={within.value} placeholder="1 h" onInput={event => { within.value = event.currentTarget.value; }} /></Field>
        </div>
        {problem ? <p class="note">{problem}</p> : pairs.length > 0 && <div class="step-text"><Line label="ctl" text={asCtl("advance", ...pairs.flatMap(pair => ["--until", pair]), ...(within.value ? ["--within", within.value] : []))} /></div>}
        <div class="buttons"><Button type="submit" tone="primary" icon="skip" disabled={busy.value || !pairs.length || problem !== ""}>Jump until then</Button></div>
      </form>
    </Dialog>
  );
}
