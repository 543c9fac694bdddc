// Plots over simulated time. All plots of a page share their time axis and their cursor; states are lanes below them.
import { effect, signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { instant, number, words } from "./format";
import { Button } from "./parts";
import { darkly } from "./store";
import type { History, Plain } from "./types";

export interface Series { name: string; colour: string; values: (number | null)[]; dash?: number[]; fill?: boolean }

/** What part of time is seen; null: all there is. */
export const range = signal<{ from: number; to: number } | null>(null);
/** The newest so many seconds are followed; 0: everything. */
export const span = signal(0);

const css = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const STEPS = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
const sync = uPlot.sync("time");
const LEFT = 64;

export function seen(history: { since: number; now: number }): [number, number] {
  if (range.value) return [range.value.from, range.value.to];
  const to = Math.max(history.now, history.since + 10);
  return [span.value ? Math.max(history.since, to - span.value) : history.since, to];
}

export function Plot({ title, unit, history, series, height = 150, digits = 1, zero = true }: {
  title: string; unit: string; history: History; series: Series[]; height?: number; digits?: number; zero?: boolean;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shape = series.map(one => one.name).join();
  const latest = useRef({ history, series });
  latest.current = { history, series };

  useEffect(() => {
    const node = place.current!;
    const make = () => {
      plot.current?.destroy();
      const axis = { stroke: css("--dim"), grid: { stroke: css("--grid"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
      plot.current = new uPlot({
        width: Math.max(200, node.clientWidth), height, padding: [8, 12, 0, 0],
        legend: { show: false }, cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        scales: {
          x: { time: false, range: () => seen(latest.current.history) },
          y: { range: (_, low, high) => scaled(low, high, zero) },
        },
        axes: [
          { ...axis, incrs: STEPS, space: 90, size: 26, values: (_, ticks) => ticks.map(tick => instant(tick, ticks.length > 1 && ticks[1]! - ticks[0]! < 1)) },
          { ...axis, size: LEFT, values: (_, ticks) => ticks.map(tick => `${number(tick, ticks.length > 1 && ticks[1]! - ticks[0]! < 1 ? 1 : 0)} ${unit}`) },
        ],
        series: [{}, ...series.map(one => ({
          label: one.name, stroke: css(one.colour), width: 1.75, dash: one.dash, points: { show: false }, spanGaps: false,
          fill: one.fill ? css(one.colour) + "22" : undefined,
        }))],
        hooks: {
          setSelect: [u => {
            if (u.select.width < 4) return;
            range.value = { from: Math.max(0, u.posToVal(u.select.left, "x")), to: u.posToVal(u.select.left + u.select.width, "x") };
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          }],
          setCursor: [u => { at.value = u.cursor.idx ?? null; }],
        },
      }, data(latest.current), node);
      plot.current.over.addEventListener("dblclick", () => { range.value = null; });
    };
    make();
    const stop = effect(() => { void darkly.value; requestAnimationFrame(() => { if (plot.current) make(); }); });
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: Math.max(200, node.clientWidth), height }));
    observer.observe(node);
    return () => { stop(); observer.disconnect(); plot.current?.destroy(); plot.current = null; };
  }, [shape]);
  useEffect(() => { plot.current?.setData(data(latest.current)); }, [history, range.value, span.value]);

  const at = useSignal<number | null>(null);
  const index = at.value !== null && at.value < history.times.length ? at.value : history.times.length - 1;
  return (
    <figure class="plot" aria-label={`${title} over time; now ${series.map(one => `${one.name} ${number(one.values.at(-1), digits)} ${unit}`).join(", ")}`}>
      <figcaption>
        <strong>{title}</strong>
        {series.map(one => (
          <span class="key"><i style={{ background: `var(${one.colour})` }} class={one.dash ? "dashed" : ""} />{one.name} <b>{number(one.values[index], digits)}{"\u202f"}{unit}</b></span>
        ))}
        {at.value !== null && <span class="when">{instant(history.times[index])}</span>}
      </figcaption>
      <div ref={place} class="canvas" />
    </figure>
  );
}

const data = ({ history, series }: { history: History; series: Series[] }): uPlot.AlignedData => [history.times, ...series.map(one => one.values)];

function scaled(low: number | null, high: number | null, zero: boolean): [number, number] {
  const least = zero ? Math.min(0, low ?? 0) : Math.floor((low ?? 0) - 1);
  const most = zero ? Math.max(high ?? 1, 1) * 1.08 : Math.ceil((high ?? 1) + 1);
  return [least, most > least ? most : least + 1];
}

/** What holds from one time to another, as a lane. */
export function Lane({ title, changes, history, toneOf, textOf = words }: {
  title: string; changes: [number, Plain][]; history: History; toneOf: (value: string) => string; textOf?: (value: string) => string;
}) {
  const [from, to] = seen(history), width = to - from;
  const bars = changes.map(([since, value], index) => ({ since, until: changes[index + 1]?.[0] ?? history.now, value: shown(value) }))
    .filter(bar => bar.value !== "" && bar.until >= from && bar.since <= to);
  return (
    <div class="lane">
      <span class="label">{title}</span>
      <div class="track" role="img" aria-label={`${title}: ${bars.length ? textOf(bars.at(-1)!.value) : "none"} now`}>
        {merged(bars, width).map(bar => {
          const left = Math.max(0, (bar.since - from) / width), right = Math.min(1, (bar.until - from) / width);
          return (
            <i key={bar.since} class={toneOf(bar.value)} style={{ left: `${left * 100}%`, width: `max(2px, ${(right - left) * 100}%)` }} title={`${textOf(bar.value)}: ${instant(bar.since)} to ${instant(bar.until)}`}>
              <span>{right - left > 0.05 ? textOf(bar.value) : ""}</span>
            </i>
          );
        })}
      </div>
    </div>
  );
}
const shown = (value: Plain) => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));

interface Bar { since: number; until: number; value: string }
/** Bars too thin to be seen become one with their neighbour: a page holds some hundred of them, never thousands. */
function merged(bars: Bar[], width: number): Bar[] {
  if (bars.length <= 200) return bars;
  const found: Bar[] = [];
  for (const bar of bars) {
    const before = found.at(-1);
    if (before && bar.until - bar.since < width / 400 && before.until - before.since < width / 200) before.until = bar.until;
    else found.push({ ...bar });
  }
  return found;
}

const SPANS: [number, string][] = [[300, "5 min"], [3600, "1 h"], [0, "All"]];
export const Ranges = () => (
  <div class="segments" role="group" aria-label="time shown">
    {SPANS.map(([seconds, text]) => (
      <Button small pressed={!range.value && span.value === seconds} onClick={() => { range.value = null; span.value = seconds; }}>{text}</Button>
    ))}
    {range.value && <Button small pressed>{`${instant(range.value.from)} – ${instant(range.value.to)}`}</Button>}
  </div>
);
