// A document of the control API that is asked for again when something has happened, at most every so often.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api";
import { asked, clock, journalEnd, world } from "./store";

export function useDocument<T>(path: string, every = 1000) {
  const found = useSignal<T | null>(null);
  useEffect(() => {
    let gone = false, busy = false, stale = true;
    const load = async () => {
      if (busy || document.hidden) return;
      busy = true;
      stale = false;
      try { const reply = await get<T>(path); if (!gone) found.value = reply; } catch { stale = true; } finally { busy = false; }
    };
    const changed = () => { stale = true; };
    const stops = [journalEnd.subscribe(changed), clock.subscribe(changed), ...[asked, world].map(one => one.subscribe(() => { stale = true; void load(); }))];
    const timer = setInterval(() => { if (stale) void load(); }, every);
    return () => { gone = true; clearInterval(timer); for (const stop of stops) stop(); };
  }, [path, every]);
  return found;
}
