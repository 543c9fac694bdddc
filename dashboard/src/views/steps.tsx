// Any step of the scenario language, by a form made from its schema.
import { signal } from "@preact/signals";
import { words } from "../format";
import { dataOf, Fields, missing, type Typed } from "../forms";
import { Button, Dialog, Empty, Field, SearchBox, StepText } from "../parts";
import { complain, fromYaml, perform, type Step } from "../session";
import { catalogue, rows } from "../store";
import type { Plain, StepKind } from "../types";

const open = signal(false), wanted = signal(""), chosen = signal<string | null>(null), typed = signal<Typed>({}), whole = signal("");
let charger = "";

/** Offer every step; those about a charger begin with the one stated. */
export function openStep(about = "", name: string | null = null) {
  charger = about;
  wanted.value = "";
  choose(name);
  open.value = true;
}
function choose(name: string | null) {
  chosen.value = name;
  whole.value = "";
  const kind = catalogue.value?.steps.find(step => step.name === name);
  const first = charger || (rows.value.size === 1 ? [...rows.value.keys()][0]! : "");
  typed.value = first && kind?.arguments.some(argument => argument.name === "charger") ? { charger: first } : {};
}

export function StepDialog() {
  if (!open.value) return null;
  const close = () => { open.value = false; };
  const text = wanted.value.trim().toLowerCase();
  const steps = (catalogue.value?.steps ?? []).filter(step => step.name !== "fault" && (!text || `${step.name} ${words(step.name)} ${step.about}`.toLowerCase().includes(text)));
  const kind = catalogue.value?.steps.find(step => step.name === chosen.value);
  return (
    <Dialog title={kind ? words(kind.name) : "Do a step"} onClose={close} wide>
      {kind ? <Form key={kind.name} kind={kind} onDone={close} /> : (
        <>
          <div class="toolbar"><SearchBox first label="What should happen?" value={wanted.value} onInput={value => { wanted.value = value; }} /></div>
          {steps.length === 0 && <Empty icon="search" title="No step is like that" />}
          <ul class="kinds">{steps.map(step => <li><button type="button" onClick={() => choose(step.name)}><strong>{words(step.name)}</strong><small>{step.about}</small></button></li>)}</ul>
        </>
      )}
    </Dialog>
  );
}

function Form({ kind, onDone }: { kind: StepKind; onDone: () => void }) {
  const lacking = kind.whole ? undefined : missing(kind.arguments, typed.value);
  let step: Step | null = null, problem = lacking ? `${words(lacking.name)} is missing` : "";
  if (!lacking) try { step = { [kind.name]: kind.whole ? wholeOf(kind) : dataOf(kind.arguments, typed.value) }; } catch (error) { problem = (error as Error).message; }
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!step) { complain(problem); return; }
    if (await perform(step)) onDone();
  };
  return (
    <form class="form" onSubmit={submit}>
      <p class="about">{kind.about}</p>
      {kind.whole
        ? <Field id="step-whole" label={kind.arguments[0]!.about || words(kind.name)} hint={kind.arguments[0]!.expected}>
            <textarea id="step-whole" rows={3} value={whole.value} onInput={event => { whole.value = event.currentTarget.value; }} spellcheck={false} />
          </Field>
        : <Fields prefix="step" arguments={kind.arguments} typed={typed} />}
      {step ? <StepText step={step} /> : <p class="note">{problem}</p>}
      <div class="buttons"><Button type="submit" tone="primary" disabled={!step}>Do it now</Button><Button onClick={() => choose(null)}>All steps</Button></div>
    </form>
  );
}

function wholeOf(kind: StepKind): Plain {
  const schema = kind.arguments[0]!.schema;
  return schema.type === "string" ? whole.value : fromYaml(whole.value);
}
