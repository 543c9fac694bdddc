// Tests a client in JavaScript (Node 18 or newer) against an emulator whose control API is at CONTROL.
import assert from "node:assert/strict";

const control = process.env.CONTROL ?? "http://127.0.0.1:8000";

async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(control + path, options);
  const found = await reply.json();
  if (!reply.ok) throw new Error(`${path}: ${found.detail}`);
  return found;
}

const { wallboxes } = await call("/api/wallboxes");
const goe = wallboxes.find(box => box.name === "charger.goe").interfaces.find(at => at.name === "http").url;

await call("/api/reset", {});
await call("/api/steps", { plug_in: { vehicle: "vw_id3" } });
await call("/api/clock/advance", { until: { power: "> 10 kW" }, within: "2 min" });

await (await fetch(`${goe}/api/set?amp=10`)).text(); // what the client under test does

await call("/api/clock/advance", { by: "10 s" });
const found = await call("/api/expect", { offered_current: "10 A", "goe.amp": 10 });
assert.ok(found.ok, JSON.stringify(found.items));
console.log("passed");
