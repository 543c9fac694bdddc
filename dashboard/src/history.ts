// The history of a charger: asked for once as a whole, then only what came after the last instant that is settled.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, part } from "./api";
import { detail, world } from "./store";
import type { History, Plain } from "./types";

const PAUSE = 400;
/** Points after which the whole is asked for again: the emulator makes the older half coarser. */
const MOST = 20_000;

export function useHistory(charger: string) {
  const history = useSignal<History | null>(null);
  useEffect(() => {
    let kept: History | null = null, busy = false, again = false, gone = false;
    const load = async () => {
      if (busy) { again = true; return; }
      busy = true;
      if (kept && kept.times.length > MOST) kept = null;
      try {
        const found = await get<History>(`/api/chargers/${part(charger)}/history`, { since: kept?.settled || undefined });
        if (gone) return;
        kept = kept && found.now >= kept.settled ? joined(kept, found) : found;
        history.value = kept;
      } catch { /* the feed tells when the emulator is there again */ } finally {
        setTimeout(() => { busy = false; if (again && !gone) { again = false; void load(); } }, PAUSE);
      }
    };
    const stopWorld = world.subscribe(() => { kept = null; void load(); });
    const stop = detail.subscribe(() => void load());
    return () => { gone = true; stop(); stopWorld(); };
  }, [charger]);
  return history;
}

/** What is settled of the old, then the new. */
function joined(old: History, found: History): History {
  const { fixed, settled } = old;
  const values = Object.fromEntries(Object.keys(found.values).map(name => {
    const before = (old.values[name] ?? new Array<null>(old.times.length).fill(null)).slice(0, fixed);
    return [name, [...before, ...found.values[name]!]];
  }));
  const changes = Object.fromEntries(Object.entries(found.changes).map(([name, list]) => {
    const before = (old.changes[name] ?? []).filter(([at]) => at < settled);
    const same = before.length && list.length && equal(before.at(-1)![1], list[0]![1]);
    return [name, [...before, ...(same ? list.slice(1) : list)]];
  }));
  return { ...found, since: old.since, fixed: fixed + found.fixed, times: [...old.times.slice(0, fixed), ...found.times], values, changes };
}
const equal = (a: Plain, b: Plain) => JSON.stringify(a) === JSON.stringify(b);
