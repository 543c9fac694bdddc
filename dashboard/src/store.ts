// What the page knows, as signals: a view is drawn again when something it reads changes.
import { batch, computed, effect, signal } from "@preact/signals";
import { get } from "./api";
import { follow, type Feed } from "./feed";
import type { Catalogue, Charger, Clock, Fault, Message, Progress, Row, State } from "./types";

export const online = signal(false);
export const state = signal<State | null>(null);
export const clock = signal<Clock>({ mode: "frozen", speed: 0, at: 0, time: "" });
export const rows = signal<ReadonlyMap<string, Row>>(new Map());
export const faults = signal<Fault[]>([]);
export const journalEnd = signal(0);
export const progress = signal<Progress>({ steps: 0, done: 0, finished: false });
export const catalogue = signal<Catalogue | null>(null);
/** How many different clients were seen. */
export const clients = signal(0);
/** What the user has to know although nobody asked: mistakes of the emulator itself, a disk that is full. */
export const troubles = signal<string[]>([]);
/** Counts the worlds: a reset makes a new one, and everything kept of the old one is worth nothing. */
export const world = signal(0);
/** Counts what was asked for here: it may have changed something that the journal does not tell. */
export const asked = signal(0);
/** All quantities of the charger whose page is open. */
export const detail = signal<Charger | null>(null);

// --- where we are ---------------------------------------------------------------------------------------------------

export interface Route { page: string; name: string; tab: string }
const read = (): Route => {
  const [page = "", name = "", tab = ""] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { page: page || "chargers", name, tab };
};
export const route = signal(read());
addEventListener("hashchange", () => { route.value = read(); });
export const link = (...parts: string[]) => "#/" + parts.map(encodeURIComponent).join("/");
export const go = (...parts: string[]) => { location.hash = link(...parts); };

/** With one charger there is nothing to choose from: its page is the first one. */
export const shownCharger = computed(() => {
  if (route.value.page === "charger") return route.value.name;
  if (route.value.page === "chargers" && rows.value.size === 1) return [...rows.value.keys()][0]!;
  return null;
});
export const wallboxes = computed(() => state.value?.wallboxes ?? []);
/** Every place a fault can be at: chargers, wallboxes, interfaces. */
export const places = computed(() => [
  ...rows.value.keys(),
  ...wallboxes.value.map(box => box.name),
  ...wallboxes.value.flatMap(box => [
    ...box.interfaces.map(one => `${box.name}.${one.name}`),
    ...(box.interfaces.some(one => one.websocket) ? [`${box.name}.websocket`] : []),
  ]),
]);

// --- the feed -------------------------------------------------------------------------------------------------------

function heard(messages: Message[]) {
  batch(() => {
    let known: Map<string, Row> | null = null;
    for (const message of messages) {
      if (message.type === "state") {
        state.value = message.state;
        clock.value = message.state.clock;
        faults.value = message.state.faults;
        journalEnd.value = message.state.journal;
        known = new Map();
        world.value++;
      } else if (message.type === "overview") {
        if (Object.keys(message.chargers).length) {
          known ??= new Map(rows.value);
          for (const [name, row] of Object.entries(message.chargers)) known.set(name, row);
        }
        clock.value = message.clock;
        if (JSON.stringify(message.faults) !== JSON.stringify(faults.value)) faults.value = message.faults;
        journalEnd.value = message.journal;
        clients.value = message.clients;
        if (message.timeline.done !== progress.value.done || message.timeline.finished !== progress.value.finished || message.timeline.steps !== progress.value.steps)
          progress.value = message.timeline;
        const found = [
          ...message.bugs.map(bug => `The emulator itself failed${bug.count > 1 ? ` ${bug.count} times` : ""} in ${bug.where}: ${bug.text} (${bug.id})`),
          ...(message.storage?.problem ? [`${message.storage.file} cannot be written: ${message.storage.problem}`] : []),
        ];
        if (found.join() !== troubles.value.join()) troubles.value = found;
        if (message.detail) detail.value = message.detail;
      }
    }
    if (known) rows.value = known;
  });
}

export async function start() {
  catalogue.value = await get<Catalogue>("/api/catalogue");
  let feed: Feed | null = null, followed: string | null | undefined;
  effect(() => {
    const wanted = shownCharger.value;
    if (wanted === followed) return;
    followed = wanted;
    detail.value = null;
    feed?.close();
    feed = follow({ quantities: "overview", entries: "none", detail: wanted ?? undefined }, heard, is => { online.value = is; });
  });
}

export async function refreshWallboxes() {
  const found = await get<Pick<State, "wallboxes">>("/api/wallboxes");
  if (state.value) state.value = { ...state.value, wallboxes: found.wallboxes };
}

// --- look -----------------------------------------------------------------------------------------------------------

const THEME = "charger-emulator-theme";
export const theme = signal<"auto" | "light" | "dark">((localStorage.getItem(THEME) as "light" | "dark" | null) ?? "auto");
const dark = matchMedia("(prefers-color-scheme: dark)");
const preference = signal(dark.matches);
dark.addEventListener("change", event => { preference.value = event.matches; });
export const darkly = computed(() => (theme.value === "auto" ? preference.value : theme.value === "dark"));
effect(() => {
  document.documentElement.dataset["theme"] = darkly.value ? "dark" : "light";
  if (theme.value === "auto") localStorage.removeItem(THEME); else localStorage.setItem(THEME, theme.value);
});
