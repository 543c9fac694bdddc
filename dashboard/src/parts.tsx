// Small parts that every view is made of.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { asCommand, asYaml, type Step } from "./session";
import type { Tone } from "./format";

const ICONS = {
  play: "M7 4.5v15l12-7.5z", pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z", skip: "M5 5l8 7-8 7zM14 5l6 7-6 7z",
  copy: "M9 9h10v11H9zM5 15V4h10", check: "M5 12.5l4.5 4.5L19 7.5", cross: "M6 6l12 12M18 6L6 18", back: "M14.5 5.5L8 12l6.5 6.5",
  bolt: "M13.5 3L6 13.5h5L10 21l8-11h-5.5z", warn: "M12 4l9 16H3zM12 10v4.5M12 17v.5", sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 119.5 4a7 7 0 0010.5 10.5z", auto: "M4 5h16v11H4zM9 20h6M12 16v4", help: "M9 9a3 3 0 113.8 2.9c-.6.2-.8.6-.8 1.3v.8M12 17.5v.3", reset: "M5 8a8 8 0 111 9M5 4v4h4",
  search: "M10.5 4a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM15.5 15.5L21 21", plus: "M12 5v14M5 12h14", down: "M6 9l6 6 6-6", save: "M12 4v11M7 11l5 5 5-5M5 20h14", edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  car: "M4 16v-3l2-5h12l2 5v3zM7 16v2M17 16v2M7.5 13h.1M16.5 13h.1", list: "M8 6h12M8 12h12M8 18h12M4 6h.1M4 12h.1M4 18h.1",
  up: "M6 15l6-6 6 6", camera: "M4 8h4l1.5-2h5L16 8h4v11H4zM12 10.5a3 3 0 100 6 3 3 0 000-6z",
} as const;
export type IconName = keyof typeof ICONS;
export const Icon = ({ name }: { name: IconName }) => (
  <svg class={`icon${name === "play" || name === "pause" || name === "bolt" ? " solid" : ""}`} viewBox="0 0 24 24" aria-hidden="true"><path d={ICONS[name]} /></svg>
);

export const Badge = ({ tone = "quiet", title, children }: { tone?: Tone; title?: string; children: ComponentChildren }) => (
  <span class={`badge ${tone}`} title={title}>{children}</span>
);

export function Button({ children, icon, tone, onClick, title, small, disabled, pressed, type = "button" }: {
  children?: ComponentChildren; icon?: IconName; tone?: "primary" | "danger" | "plain"; onClick?: (event: MouseEvent) => void; title?: string;
  small?: boolean; disabled?: boolean; pressed?: boolean; type?: "button" | "submit";
}) {
  const only = children === undefined || children === null;
  return (
    <button type={type} class={`button ${tone ?? ""} ${small ? "small" : ""} ${only ? "only-icon" : ""}`} onClick={onClick} title={title}
      aria-label={only ? title : undefined} aria-pressed={pressed} disabled={disabled}>
      {icon && <Icon name={icon} />}{!only && <span>{children}</span>}
    </button>
  );
}

export function Copy({ text, label = "copy", children }: { text: string; label?: string; children?: ComponentChildren }) {
  const copied = useSignal(false);
  const copy = async () => {
    try { await navigator.clipboard.writeText(text); } catch { fallback(text); }
    copied.value = true;
    setTimeout(() => { copied.value = false; }, 1500);
  };
  return (
    <button type="button" class={`copy ${children ? "" : "only-icon"}`} onClick={copy} title={`${label}: ${text}`} aria-label={copied.value ? "copied" : label}>
      {children}<Icon name={copied.value ? "check" : "copy"} />
    </button>
  );
}
/** Where the page is not served from this machine, browsers have no clipboard for it. */
function fallback(text: string) {
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "away" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export const Card = ({ title, aside, children, class: more = "", id }: { title?: ComponentChildren; aside?: ComponentChildren; children: ComponentChildren; class?: string; id?: string }) => (
  <section class={`card ${more}`} id={id}>
    {title && <header><h2>{title}</h2>{aside && <div class="aside">{aside}</div>}</header>}
    {children}
  </section>
);

export const Facts = ({ children }: { children: ComponentChildren }) => <dl class="facts">{children}</dl>;
export const Fact = ({ label, children, title }: { label: string; children: ComponentChildren; title?: string }) => (
  <div title={title}><dt>{label}</dt><dd>{children}</dd></div>
);

export const Empty = ({ icon = "list", title, children }: { icon?: IconName; title: string; children?: ComponentChildren }) => (
  <div class="empty"><Icon name={icon} /><strong>{title}</strong>{children && <p>{children}</p>}</div>
);

export function Field({ label, children, hint, id }: { label: string; children: ComponentChildren; hint?: string; id?: string }) {
  return <label class="field" for={id}><span class="label">{label}</span>{children}{hint && <span class="hint">{hint}</span>}</label>;
}

export const Select = ({ value, options, onChange, label, id }: {
  value: string; options: readonly (string | readonly [string, string])[]; onChange: (value: string) => void; label?: string; id?: string;
}) => (
  <select id={id} aria-label={label} value={value} onChange={event => onChange(event.currentTarget.value)}>
    {options.map(option => (typeof option === "string" ? <option value={option}>{option}</option> : <option value={option[0]}>{option[1]}</option>))}
  </select>
);

export const SearchBox = ({ value, onInput, label, first }: { value: string; onInput: (value: string) => void; label: string; first?: boolean }) => (
  <span class="search"><Icon name="search" /><input type="search" autofocus={first} value={value} placeholder={label} aria-label={label} onInput={event => onInput(event.currentTarget.value)} /></span>
);

/** The same step as a scenario and as a shell would say it. */
export const StepText = ({ step }: { step: Step }) => (
  <div class="step-text">
    <Line label="YAML" text={`- ${asYaml(step)}`} />
    <Line label="ctl" text={asCommand(step)} />
  </div>
);
export const Line = ({ label, text }: { label: string; text: string }) => (
  <div class="line"><span class="label">{label}</span><code>{text}</code><Copy text={text} label={`copy as ${label}`} /></div>
);

export function Dialog({ title, onClose, children, wide }: { title: ComponentChildren; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const node = useRef<HTMLDialogElement>(null);
  useEffect(() => { node.current?.showModal(); }, []);
  return (
    <dialog ref={node} class={wide ? "wide" : ""} onClose={onClose} onClick={event => { if (event.target === node.current) onClose(); }}>
      <div class="dialog">
        <header><h2>{title}</h2><Button icon="cross" tone="plain" title="close" onClick={onClose} /></header>
        {children}
      </div>
    </dialog>
  );
}

/** Tabs, moved through with the arrow keys. */
export function Tabs({ tabs, chosen, onChoose, label }: { tabs: readonly { id: string; title: ComponentChildren }[]; chosen: string; onChoose: (id: string) => void; label: string }) {
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const at = tabs.findIndex(tab => tab.id === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length]!;
    onChoose(next.id);
    ((event.currentTarget as HTMLElement).querySelector(`[data-tab="${next.id}"]`) as HTMLElement | null)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(tab => (
        <button type="button" role="tab" data-tab={tab.id} aria-selected={tab.id === chosen} tabIndex={tab.id === chosen ? 0 : -1} onClick={() => onChoose(tab.id)}>{tab.title}</button>
      ))}
    </div>
  );
}
