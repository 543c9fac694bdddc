// The scenario: its timeline with what is to come, and how rules and expectations stand.
import { signal } from "@preact/signals";
import { duration, instant, plural, words } from "../format";
import { useDocument } from "../live";
import { Badge, Button, Card, Dialog, Empty, Fact, Facts, Field } from "../parts";
import { ask, asYaml, complain, fromYaml, rules, tell } from "../session";
import { clock, state } from "../store";
import type { Plain, Rule, TimelineStep, Timelines, Verdict } from "../types";

const TONES: Record<string, "good" | "bad" | "info" | "warn" | "quiet"> = { done: "good", failed: "bad", waiting: "info", next: "info", "to come": "quiet", "not reached": "warn" };

export function ScenarioPage() {
  const timelines = useDocument<Timelines>("/api/timeline").value, verdict = useDocument<Verdict>("/api/verdict", 2000).value;
  const about = state.value;
  const tracks = timelines?.tracks.filter(track => track.length) ?? [];
  const total = tracks.reduce((sum, track) => sum + track.length, 0), reached = tracks.reduce((sum, track) => sum + track.filter(step => step.state === "done" || step.state === "failed").length, 0);
  return (
    <div class="page scenario">
      <div class="headline"><h1>{about?.scenario ?? "No scenario file"}</h1>{verdict && <Badge tone={verdict.ok ? "good" : "bad"}>{verdict.ok ? "nothing failed" : plural(verdict.failures.length, "failure")}</Badge>}</div>
      {about?.about && <p class="about">{about.about}</p>}
      <div class="split">
        <Card title="Timeline" aside={total > 0 && <span>{reached} of {plural(total, "step")}{timelines?.end != null && `, ${timelines.finished ? "over since" : "ends at"} ${instant(timelines.end)}`}</span>}>
          {total > 0 && <progress max={total} value={reached} aria-label="steps done" />}
          {timelines && total === 0 && <Empty title="This run has no timeline">Steps you do here are recorded, and can be saved as one.</Empty>}
          {tracks.map((track, index) => (
            <>
              {tracks.length > 1 && <h3>Timeline {index + 1}</h3>}
              <Track steps={track} />
            </>
          ))}
        </Card>
        <div class="column">
          <VerdictCard verdict={verdict} />
        </div>
      </div>
    </div>
  );
}

const BEFORE = 20, AHEAD = 150;

/** Of a long timeline, what is around the step that is next. */
function Track({ steps }: { steps: TimelineStep[] }) {
  const next = steps.findIndex(step => step.state === "next" || step.state === "waiting");
  const at = next < 0 ? steps.length : next, from = steps.length <= BEFORE + AHEAD ? 0 : Math.max(0, at - BEFORE), to = Math.min(steps.length, at + AHEAD);
  const rest = steps.slice(0, from), failed = rest.filter(step => step.state === "failed");
  return (
    <>
      {rest.length > 0 && <p class="hint">{plural(rest.length, "step")} before{failed.length > 0 && `, ${failed.length} of them failed`}</p>}
      <ol class="timeline">{steps.slice(from, to).map((step, index) => <Step key={from + index} step={step} />)}</ol>
      {to < steps.length && <p class="hint">and {plural(steps.length - to, "more step")} to come</p>}
    </>
  );
}

function Step({ step }: { step: TimelineStep }) {
  const ahead = step.expected !== null && step.state !== "waiting" ? step.expected - clock.value.at : null;
  return (
    <li class={step.state.replace(" ", "-")}>
      <span class="at">{step.at !== null ? instant(step.at) : step.expected !== null ? `≈ ${instant(step.expected)}` : step.after !== null ? `+ ${duration(step.after)}` : ""}</span>
      <span class="dot" aria-hidden="true" />
      <div>
        <strong>{words(step.step)}</strong> <Badge tone={TONES[step.state] ?? "quiet"}>{step.state}</Badge>
        {ahead !== null && ahead > 0 && <small>in {duration(ahead)}</small>}
        {step.within !== null && <small>within {duration(step.within)}</small>}
        {step.arguments !== null && <code>{typeof step.arguments === "string" ? step.arguments : asYaml(step.arguments)}</code>}
        {step.why && <p class="note bad">{step.why}</p>}
        {step.line && <small class="place">line {step.line}</small>}
      </div>
    </li>
  );
}

function VerdictCard({ verdict }: { verdict: Verdict | null }) {
  const conclude = async () => { if (await ask("POST", "/api/verdict", {})) tell("judged what rules still waited for"); };
  const failures = verdict?.failures.filter(failure => !/ rule "/.test(failure.text)) ?? [];
  return (
    <>
      <Card title="Rules for the client" aside={<>
        {verdict !== null && verdict.rules.length > 0 && <Button small onClick={conclude} title="the run is over: judge what rules still wait for">Conclude</Button>}
        <Button small icon="plus" onClick={() => { adding.value = true; }}>Add a rule</Button>
      </>}>
        {adding.value && <AddRule />}
        {verdict?.rules.length === 0 && <Empty title="No rule is in force">Rules in a scenario say what the client under test has to do, and never may.</Empty>}
        <ul class="rules">{verdict?.rules.map(rule => <RuleLine rule={rule} />)}</ul>
      </Card>
      {failures.length > 0 && (
        <Card title="What failed"><ul class="failures">{failures.map(failure => <li><time>{instant(failure.at)}</time><span>{failure.text}</span></li>)}</ul></Card>
      )}
      {verdict !== null && verdict.untested.length > 0 && (
        <Card title="Tested nothing so far" aside={<span>{verdict.untested.length}</span>}>
          <ul class="untested">{verdict.untested.map(one => <li><Badge tone="warn">{one.kind}</Badge> <strong>{one.name}</strong> <span>{one.why}</span></li>)}</ul>
        </Card>
      )}
    </>
  );
}

const adding = signal(false), written = signal("");
const EXAMPLE = "name: house limit\nnever: {client: {writes: garage.goe.amp, value: \"> 16\"}}";

function AddRule() {
  const close = () => { adding.value = false; };
  const submit = async (event: Event) => {
    event.preventDefault();
    let rule: Plain;
    try { rule = fromYaml(written.value); } catch (error) { complain(error); return; }
    if (!await ask("POST", "/api/rules", rule)) return;
    rules.value = [...rules.value, ...(Array.isArray(rule) ? rule : [rule])];
    written.value = "";
    tell("the rule is in force from now on");
    close();
  };
  return (
    <Dialog title="Add a rule" onClose={close}>
      <form class="form" onSubmit={submit}>
        <Field label="rule" id="rule" hint="as under `rules:` in a scenario; in force from now on, gone after a reset, and part of the recording">
          <textarea id="rule" rows={5} autofocus value={written.value} placeholder={EXAMPLE} onInput={event => { written.value = event.currentTarget.value; }} spellcheck={false} />
        </Field>
        <div class="buttons"><Button type="submit" tone="primary" disabled={!written.value.trim()}>Put into force</Button><Button onClick={close}>Cancel</Button></div>
      </form>
    </Dialog>
  );
}

const RuleLine = ({ rule }: { rule: Rule }) => (
  <li>
    <details>
      <summary><Badge tone={rule.ok ? (rule.occurrences ? "good" : "quiet") : "bad"}>{rule.ok ? (rule.occurrences ? "holds" : "not tested") : "broken"}</Badge><strong>{rule.name}</strong><small>{rule.occurrences === 1 ? "occurred once" : `occurred ${rule.occurrences} times`}</small></summary>
      <Facts><Fact label="Expected">{rule.expected}</Fact>{rule.nearest && <Fact label="Nearest">{rule.nearest}</Fact>}</Facts>
      {rule.text && <pre>{rule.text}</pre>}
    </details>
  </li>
);
