// The scenario: its timeline with what is to come, and how rules and expectations stand.
import { duration, instant, plural, words } from "../format";
import { useDocument } from "../live";
import { Badge, Button, Card, Empty, Facts, Fact } from "../parts";
import { ask, asYaml, tell } from "../session";
import { clock, state } from "../store";
import type { Rule, TimelineStep, Timelines, Verdict } from "../types";

const TONES: Record<string, "good" | "bad" | "info" | "warn" | "quiet"> = { done: "good", failed: "bad", waiting: "info", next: "info", "to come": "quiet", "not reached": "warn" };

export function ScenarioPage() {
  const timelines = useDocument<Timelines>("/api/timeline").value, verdict = useDocument<Verdict>("/api/verdict").value;
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
              <ol class="timeline">{track.map(step => <Step step={step} />)}</ol>
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
        {step.line && <small class="dim">line {step.line}</small>}
      </div>
    </li>
  );
}

function VerdictCard({ verdict }: { verdict: Verdict | null }) {
  const conclude = async () => { if (await ask("POST", "/api/verdict", {})) tell("judged what rules still waited for"); };
  const failures = verdict?.failures.filter(failure => !/ rule "/.test(failure.text)) ?? [];
  return (
    <>
      <Card title="Rules for the client" aside={verdict && verdict.rules.length > 0 && <Button small onClick={conclude} title="the run is over: judge what rules still wait for">Conclude</Button>}>
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

const RuleLine = ({ rule }: { rule: Rule }) => (
  <li>
    <details>
      <summary><Badge tone={rule.ok ? (rule.occurrences ? "good" : "quiet") : "bad"}>{rule.ok ? (rule.occurrences ? "holds" : "not tested") : "broken"}</Badge><strong>{rule.name}</strong><small>{rule.occurrences === 1 ? "occurred once" : `occurred ${rule.occurrences} times`}</small></summary>
      <Facts><Fact label="Expected">{rule.expected}</Fact>{rule.nearest && <Fact label="Nearest">{rule.nearest}</Fact>}</Facts>
      {rule.text && <pre>{rule.text}</pre>}
    </details>
  </li>
);
