// Forms made from JSON Schema: the arguments of every step and of every fault, without any of them being known here.
import type { Signal } from "@preact/signals";
import { words } from "./format";
import { Field, Select } from "./parts";
import { fromYaml } from "./session";
import { catalogue, places, rows, wallboxes } from "./store";
import type { Argument, Plain, PlainObject, Schema } from "./types";

/** What was typed, by the names of the arguments; nothing typed: the argument is left out. */
export type Typed = Record<string, string>;

/** The schema without `null`, which is what leaving an argument out means. */
function core(schema: Schema): Schema {
  const choices = (schema.anyOf ?? schema.oneOf)?.filter(one => one.type !== "null");
  if (choices?.length === 1) return { ...choices[0], description: schema.description ?? choices[0]!.description };
  return schema;
}
const isText = (schema: Schema) => schema.type === "string";
const isWhole = (schema: Schema) => schema.type === "integer" || schema.type === "number";
const isChoice = (schema: Schema): schema is Schema & { enum: Plain[] } => Array.isArray(schema.enum) && schema.enum.every(value => typeof value === "string" || typeof value === "number");

/** Names that the page knows. */
function known(name: string): string[] | null {
  switch (name) {
    case "charger": return [...rows.value.keys()];
    case "wallbox": return wallboxes.value.map(box => box.name);
    case "vehicle": return catalogue.value?.vehicles ?? [];
    case "on": return places.value;
    default: return null;
  }
}

function Input({ argument, id, typed }: { argument: Argument; id: string; typed: Signal<Typed> }) {
  const schema = core(argument.schema), value = typed.value[argument.name] ?? "";
  const put = (text: string) => { typed.value = { ...typed.value, [argument.name]: text }; };
  const none: [string, string] = ["", argument.required ? "choose…" : "–"];
  if (isChoice(schema)) return <Select id={id} value={value} onChange={put} options={[none, ...schema.enum.map(choice => [String(choice), words(String(choice))] as const)]} />;
  if (schema.type === "boolean") return <Select id={id} value={value} onChange={put} options={[none, "true", "false"]} />;
  const names = known(argument.name);
  if (names && names.length <= 60) return <Select id={id} value={value} onChange={put} options={[none, ...names]} />;
  const example = schema.examples?.[0] ?? /such as (.+?)(?:, or null)?$/.exec(argument.expected)?.[1] ?? "";
  const placeholder = String(example).replace(/^"(.*)"$/, "$1");
  if (schema.type === "object" || (!isText(schema) && !isWhole(schema) && /mapping|quantities|happens|list|steps/.test(argument.expected)))
    return <textarea id={id} rows={1} value={value} placeholder={placeholder || argument.expected} onInput={event => put(event.currentTarget.value)} spellcheck={false} />;
  return (
    <>
      <input id={id} value={value} placeholder={placeholder} inputMode={isWhole(schema) ? "decimal" : undefined} required={argument.required} list={names ? `${id}-known` : undefined}
        onInput={event => put(event.currentTarget.value)} autocomplete="off" spellcheck={false} />
      {names && <datalist id={`${id}-known`}>{names.map(name => <option value={name} />)}</datalist>}
    </>
  );
}

/** A mapping whose members are known one by one is a form of its own. */
function members(argument: Argument): Argument[] | null {
  const schema = core(argument.schema);
  if (schema.type !== "object" || schema.additionalProperties !== false || !schema.properties || schema.oneOf) return null;
  return Object.entries(schema.properties).map(([name, one]) => ({ name: `${argument.name}.${name}`, about: one.description ?? "", expected: "", required: false, schema: one }));
}
const last = (name: string) => name.slice(name.lastIndexOf(".") + 1);

export function Fields({ arguments: all, typed, prefix }: { arguments: readonly Argument[]; typed: Signal<Typed>; prefix: string }) {
  return (
    <div class="fields">
      {all.map(argument => {
        const id = `${prefix}-${argument.name}`, inner = members(argument);
        if (inner) return <fieldset class="nested" key={argument.name}><legend>{words(argument.name)}</legend><Fields arguments={inner} typed={typed} prefix={prefix} /></fieldset>;
        const about = argument.about || core(argument.schema).description || "";
        return (
          <Field key={argument.name} id={id} label={words(last(argument.name)) + (argument.required ? " *" : "")} hint={about || argument.expected}>
            <Input argument={argument} id={id} typed={typed} />
          </Field>
        );
      })}
    </div>
  );
}

/** The arguments as data. Throws what is not readable. */
export function dataOf(all: readonly Argument[], typed: Typed): PlainObject {
  const found: PlainObject = {};
  for (const argument of all) {
    const inner = members(argument);
    if (inner) {
      const given = Object.entries(dataOf(inner, typed)).map(([name, value]) => [last(name), value] as const);
      if (given.length) found[argument.name] = Object.fromEntries(given);
      continue;
    }
    const text = (typed[argument.name] ?? "").trim();
    if (text === "") continue;
    found[argument.name] = valueOf(argument, text);
  }
  return found;
}

function valueOf(argument: Argument, text: string): Plain {
  const schema = core(argument.schema);
  if (isText(schema)) return text;
  if (isChoice(schema)) return schema.enum.find(value => String(value) === text) ?? text;
  if (isWhole(schema)) { const value = Number(text); return Number.isFinite(value) ? value : text; }
  try { return fromYaml(text); } catch { throw new Error(`${words(argument.name)}: this is not readable: expected ${argument.expected}`); }
}

/** An argument that still has to be given. */
export const missing = (all: readonly Argument[], typed: Typed) => all.find(argument => argument.required && !(typed[argument.name] ?? "").trim());
