// The page: what is always there around the views, and the keyboard.
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { locked, unlock } from "./api";
import { plural } from "./format";
import { Badge, Button, Copy, Dialog, Empty, Field, Icon, Line, StepText } from "./parts";
import { ask, asCtl, dismiss, done, notices, tell } from "./session";
import { catalogue, faults, go, link, online, route, rows, shownCharger, start, state, theme, troubles } from "./store";
import { ChargerPage } from "./views/charger";
import { ClientsPage } from "./views/clients";
import { Journal } from "./views/journal";
import { Overview } from "./views/overview";
import { ScenarioPage } from "./views/scenario";
import { SessionPage } from "./views/session";
import { openSnapshots, SnapshotsDialog } from "./views/snapshots";
import { openStep, StepDialog } from "./views/steps";
import { advance, AdvanceDialog, ClockBar, openAdvance, toggleClock } from "./views/time";

const PAGES = [
  { id: "chargers", title: "Chargers", key: "1" }, { id: "journal", title: "Journal", key: "2" }, { id: "scenario", title: "Scenario", key: "3" },
  { id: "clients", title: "Clients", key: "4" }, { id: "session", title: "Recording", key: "5" },
] as const;
const help = signal(false), asking = signal(false), broken = signal("");

function App() {
  const { page } = route.value, charger = shownCharger.value;
  useEffect(() => { document.title = charger ? `${charger} – Charger emulator` : "Charger emulator"; }, [charger]);
  return (
    <>
      <a class="skip" href="#main" onClick={event => { event.preventDefault(); document.getElementById("main")?.focus(); }}>Skip to content</a>
      <Bar />
      <nav aria-label="pages">
        {PAGES.map(one => {
          const is = page === one.id || (one.id === "chargers" && page === "charger");
          return <a href={link(one.id)} aria-current={is ? "page" : undefined} key={one.id}>{one.id === "chargers" && rows.value.size === 1 ? "Charger" : one.title}{one.id === "session" && done.value.length > 0 && <span class="counter">{done.value.length}</span>}</a>;
        })}
      </nav>
      {troubles.value.length > 0 && <ul class="troubles" role="alert">{troubles.value.map(text => <li key={text}><Icon name="warn" />{text}</li>)}</ul>}
      <main id="main" tabIndex={-1}>
        {broken.value ? <div class="page"><Empty icon="warn" title={broken.value}><Button onClick={() => location.reload()}>Try again</Button></Empty></div>
          : !catalogue.value || !state.value ? <div class="page"><Empty title="Connecting to the emulator" /></div>
          : charger ? <ChargerPage key={charger} name={charger} />
            : page === "journal" ? <div class="page journal-page"><h1 class="unseen">Journal</h1><Journal /></div>
              : page === "scenario" ? <ScenarioPage /> : page === "clients" ? <ClientsPage /> : page === "session" ? <SessionPage /> : <Overview />}
      </main>
      <footer><span>Charger emulator {state.value?.version}</span><a href="api">Control API</a><a href="static/licences.txt">Licences</a></footer>
      <StepDialog /><AdvanceDialog /><SnapshotsDialog />
      {help.value && <Help />}{asking.value && <ResetDialog />}{locked.value && <Unlock />}
      <Notices />
    </>
  );
}

function Bar() {
  const next = { auto: "light", light: "dark", dark: "auto" } as const;
  return (
    <header class="bar">
      <a class="brand" href={link("chargers")}><img src="static/icon.svg" alt="" width="28" height="28" /><span><strong>Charger emulator</strong><small title={state.value?.about}>{state.value?.about || state.value?.scenario || " "}</small></span></a>
      <ClockBar />
      <div class="tools">
        <span class={`dot ${online.value ? "on" : ""}`} role="status" title={online.value ? "connected to the emulator" : "the emulator does not answer"}><span>{online.value ? "live" : "offline"}</span></span>
        <Button icon="camera" tone="plain" title="snapshots" onClick={openSnapshots} />
        <Button icon="reset" tone="plain" title="reset everything" onClick={() => { asking.value = true; }} />
        <Button icon={theme.value === "auto" ? "auto" : theme.value === "light" ? "sun" : "moon"} tone="plain" title={`appearance: ${theme.value}`} onClick={() => { theme.value = next[theme.value]; }} />
        <Button icon="help" tone="plain" title="keyboard and help" onClick={() => { help.value = true; }} />
      </div>
    </header>
  );
}

const Notices = () => (
  <div class="notices" role="status" aria-live="polite">
    {notices.value.map(notice => (
      <div class={`notice ${notice.tone}`} key={notice.id}>
        <div><Icon name={notice.tone === "good" ? "check" : "warn"} /><span>{notice.text}</span><Button small icon="cross" tone="plain" title="dismiss" onClick={() => dismiss(notice.id)} /></div>
        {notice.step && <StepText step={notice.step} />}
        {notice.command && <div class="step-text"><Line label="ctl" text={notice.command} /></div>}
      </div>
    ))}
  </div>
);

function ResetDialog() {
  const close = () => { asking.value = false; };
  const reset = async () => { if (await ask("POST", "/api/reset")) tell("everything is as at the scenario's start", "good", { command: asCtl("reset") }); close(); };
  return (
    <Dialog title="Reset everything?" onClose={close}>
      <p>Time, physics, settings, cards, counters, faults and the journal go back to the scenario's start. Ports stay as they are.</p>
      {done.value.length > 0 && <p class="note">{plural(done.value.length, "recorded step")} {done.value.length === 1 ? "is" : "are"} forgotten as well. <a href={link("session")} onClick={close}>Save {done.value.length === 1 ? "it" : "them"} first?</a></p>}
      {faults.value.length > 0 && <p>{plural(faults.value.length, "fault")} will be gone.</p>}
      <div class="step-text"><Line label="ctl" text={asCtl("reset")} /></div>
      <div class="buttons"><Button tone="danger" icon="reset" onClick={reset}>Reset</Button><Button onClick={close}>Keep going</Button></div>
    </Dialog>
  );
}

function Unlock() {
  const [token, setToken] = useState("");
  return (
    <Dialog title="This emulator is protected" onClose={() => { locked.value = false; }}>
      <form class="form" onSubmit={event => { event.preventDefault(); unlock(token); }}>
        <div class="fields"><Field label="control token" id="token" hint="as given with --control-token or CHARGER_EMULATOR_TOKEN"><input id="token" type="password" autocomplete="off" value={token} onInput={event => setToken(event.currentTarget.value)} /></Field></div>
        <div class="buttons"><Button type="submit" tone="primary">Open</Button></div>
      </form>
    </Dialog>
  );
}

const KEYS: [string, string][] = [
  ["1 … 5", "pages: chargers, journal, scenario, clients, recording"], ["/", "search on this page"], ["Space", "freeze time, or let it run"], ["+", "jump one minute ahead"],
  ["a", "jump ahead by any time, or until something holds"], ["s", "do any step"], ["t", "appearance: automatic, light, dark"], ["?", "this help"], ["Esc", "close a window"], ["← →", "between tabs"],
];
const Help = () => (
  <Dialog title="Keyboard and help" onClose={() => { help.value = false; }}>
    <dl class="keys">{KEYS.map(([key, what]) => <div><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
    <p>Everything here goes through the control API, which your tests can use as well: <Copy text={new URL("api", document.baseURI).href} label="copy the address"><code>{new URL("api", document.baseURI).href}</code></Copy></p>
    <p class="hint">Seed {state.value?.seed}. {state.value?.broker && <>MQTT broker: <code>{state.value.broker}</code>. </>}Simulated seconds count from the scenario's start; <Badge>faults detected</Badge> are what the charger notices, <Badge tone="warn">injected</Badge> ones are what you caused.</p>
  </Dialog>
);

addEventListener("keydown", event => {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
  if (event.key === " " && (/^(BUTTON|SUMMARY|A)$/.test(target.tagName) || target.closest?.(".virtual"))) return;
  const page = PAGES.find(one => one.key === event.key);
  const actions: Record<string, () => void> = {
    " ": () => void toggleClock(), "+": () => void advance({ by: "1 min" }), a: openAdvance, s: () => openStep(shownCharger.value ?? ""), "?": () => { help.value = true; },
    t: () => { theme.value = { auto: "light", light: "dark", dark: "auto" }[theme.value] as typeof theme.value; },
    "/": () => document.querySelector<HTMLInputElement>("main input[type=search]")?.focus(),
  };
  const action = page ? () => go(page.id) : actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

render(<App />, document.getElementById("app")!);
start().catch(error => { if (!locked.value) broken.value = `The emulator does not answer: ${error.message}`; });
