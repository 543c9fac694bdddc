// What was done on this page, as steps, and saved as a scenario.
import { instant, plural, words } from "../format";
import { Badge, Button, Card, Copy, Empty, StepText } from "../parts";
import { done, nameOf, rules, save, scenario } from "../session";
import { openStep } from "./steps";

export function SessionPage() {
  const kept = done.value.filter(one => one.ok).length;
  return (
    <div class="page session">
      <div class="headline"><h1>Recording</h1><span class="dim">Every click is a step. Together they are a scenario.</span></div>
      <div class="split">
        <Card title="Steps done" aside={<><span>{plural(done.value.length, "step")}</span>{done.value.length > 0 && <Button small onClick={() => { done.value = []; }}>Forget</Button>}</>}>
          {done.value.length === 0 && <Empty title="Nothing done yet">Plug in a vehicle, arm a fault, write a value: it is listed here.</Empty>}
          <ol class="steps">
            {done.value.toReversed().map(one => (
              <li key={one.id}>
                <div class="title"><time>{instant(one.at)}</time><strong>{words(nameOf(one.step))}</strong>{!one.ok && <Badge tone="bad" title={one.outcome}>refused, not saved</Badge>}
                  <Button small icon="cross" tone="plain" title="leave this step out" onClick={() => { done.value = done.value.filter(other => other !== one); }} /></div>
                <StepText step={one.step} />
              </li>
            ))}
          </ol>
          <div class="buttons"><Button icon="plus" onClick={() => openStep()}>Any step…</Button></div>
        </Card>
        <Card title="As a scenario" aside={<><Copy text={scenario.value} label="copy the scenario" /><Button small tone="primary" icon="save" disabled={!kept && rules.value.length === 0} onClick={save}>Save as scenario</Button></>}>
          <pre class="scenario-text" tabIndex={0}>{scenario.value}</pre>
          <p class="hint">Check it with <code>charger-emulator check session.yaml</code>, play it with <code>charger-emulator play session.yaml</code>.</p>
        </Card>
      </div>
    </div>
  );
}
