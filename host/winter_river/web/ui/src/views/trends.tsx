/** Trends of any field, several at once, one chart a unit, with marks of events and ghost lines of what-ifs. */

import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { firstFields, ghost, trendFields } from "../acts";
import { get, sentence } from "../api";
import { label, runTime } from "../format";
import { lookAt } from "../past";
import { clock, events, facility, ids, moment } from "../store";
import type { Series } from "../types";
import { say } from "../ui";
import { weightOf, wordsOf } from "./events";
import { window_s } from "./timebar";

const POINTS = 600;
const REFRESH_MS = 1000;
const FIELDS_MAX = 12; // chosen: more lines than that nobody tells apart
const AHEAD_MAX = 24;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const DASHES: readonly (readonly number[])[] = [[], [8, 3], [2, 3], [10, 3, 2, 3]];

type Column = readonly (number | null)[];

const unitOf = (field: string) => facility.value?.fields[field.split(".")[1] ?? ""]?.unit ?? "";

export function Trends() {
  const data = useSignal<Series>({ t_s: [], series: {} });
  useEffect(() => {
    if (!trendFields.value.length) trendFields.value = firstFields();
    let busy = false;
    const load = async () => {
      if (busy || document.hidden || !trendFields.value.length) return;
      busy = true;
      const { from, to } = window_s.value;
      try {
        const query = new URLSearchParams({ fields: trendFields.value.join(","), from_s: String(from), to_s: String(to), points: String(POINTS) });
        data.value = await get<Series>(`/trend?${query.toString()}`);
      } catch (error) {
        say(`Trends: ${sentence(error)}`, true);
      }
      busy = false;
    };
    const stop = effect(() => {
      void trendFields.value;
      void load();
    });
    const timer = setInterval(() => void load(), REFRESH_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, []);
  const units = Array.from(new Set(trendFields.value.map(unitOf)));
  return (
    <section class="trends" aria-label="Trends">
      <Picker />
      <Ghost />
      {units.map((unit) => (
        <Chart key={`${unit}|${trendFields.value.join()}|${ghost.value?.title ?? ""}`} unit={unit} fields={trendFields.value.filter((field) => unitOf(field) === unit)} data={data.value} />
      ))}
    </section>
  );
}

function Picker() {
  const node = useSignal("");
  const site = facility.value;
  const fields = site?.types[site.nodes[node.value]?.type ?? ""]?.fields ?? [];
  const add = (field: string) => {
    if (field && trendFields.value.length < FIELDS_MAX) trendFields.value = Array.from(new Set([...trendFields.value, `${node.value}.${field}`]));
  };
  return (
    <div class="picker">
      <ul class="chips" aria-label="Fields shown">
        {trendFields.value.map((field) => (
          <li key={field}>
            {field.replace(".", " · ").replaceAll("_", " ")}
            <button aria-label={`Remove ${field}`} title="Remove" onClick={() => (trendFields.value = trendFields.value.filter((each) => each !== field))}>×</button>
          </li>
        ))}
      </ul>
      <select aria-label="Device" value={node.value} onChange={(event) => (node.value = event.currentTarget.value)}>
        <option value="">Add a device …</option>
        {ids.value.map((id) => (
          <option key={id}>{id}</option>
        ))}
      </select>
      <select aria-label="Field" value="" disabled={!node.value} onChange={(event) => add(event.currentTarget.value)}>
        <option value="">field …</option>
        {fields.map((name) => (
          <option key={name} value={name}>{label(name)}</option>
        ))}
      </select>
    </div>
  );
}

function Ghost() {
  const ahead = ghost.value;
  if (!ahead) return null;
  const happened = (ahead.run.events ?? []).filter((event) => weightOf(event) > 2).slice(-AHEAD_MAX).reverse();
  return (
    <div class="banner ghost">
      <div>
        <b>What if: {ahead.title}</b> <span class="quiet">dashed lines, ten minutes ahead from {runTime(ahead.from_s)}; nothing of it has happened; what it leads to, the last first:</span>
        <ul class="ahead">
          {happened.map((event) => (
            <li key={event.id}>
              <span class="t">{runTime(event.t_s)}</span> {event.node_id} {wordsOf(event)}
            </li>
          ))}
        </ul>
      </div>
      <button onClick={() => (ghost.value = null)}>Forget it</button>
    </div>
  );
}

function Chart({ unit, fields, data }: { unit: string; fields: readonly string[]; data: Series }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const made = new uPlot(options(unit, fields, element.clientWidth), table(fields, data), element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: heightOf() }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData(table(fields, data), false);
    const { from, to } = range();
    plot.current?.setScale("x", { min: from, max: to });
  }, [data]);
  return (
    <figure class="chart">
      <figcaption>{unit ? `in ${unit}` : "without unit"}</figcaption>
      <div ref={holder} />
      <p class="unseen">{fields.map((field) => `${field} is now ${data.series[field]?.at(-1) ?? "unknown"} ${unit}`).join(". ")}</p>
    </figure>
  );
}

/** What the charts span: the time bar's window, and the ghost's ten minutes where there is one. */
function range(): { from: number; to: number } {
  const { from, to } = window_s.value;
  return { from, to: Math.max(to, ghost.value?.run.t_s.at(-1) ?? 0) };
}

/** Reality and ghost on one axis of time. */
function table(fields: readonly string[], data: Series): uPlot.AlignedData {
  const real = [data.t_s, ...fields.map((field) => column(data, field))];
  const ahead = ghost.value?.run;
  if (!ahead) return real as uPlot.AlignedData;
  const dashed = [ahead.t_s, ...fields.map((field) => column(ahead, field))];
  return uPlot.join([real as uPlot.AlignedData, dashed as uPlot.AlignedData]);
}

function column(data: Series, field: string): Column {
  return data.series[field] ?? data.t_s.map(() => null);
}

function options(unit: string, fields: readonly string[], width: number): uPlot.Options {
  const colour = colourOf();
  const axis: uPlot.Axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const line = (field: string, index: number, dashed: boolean): uPlot.Series => ({
    label: dashed ? `${field} (what if)` : field.replace(".", " "),
    stroke: colour(`--trend-${index % 4}`),
    width: dashed ? 1.5 : 2,
    dash: dashed ? [4, 5] : [...(DASHES[Math.floor(index / 4) % DASHES.length] ?? [])],
    spanGaps: dashed,
    points: { show: false },
    value: (_, value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} ${unit}`),
  });
  const lines = fields.map((field, index) => line(field, index, false));
  if (ghost.value) lines.push(...fields.map((field, index) => line(field, index, true)));
  return {
    width,
    height: heightOf(),
    cursor: { sync: { key: "trends" }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: unit === "%" ? { range: [0, 100] } : { range: (_, low, high) => span(low, high) } },
    axes: [
      { ...axis, size: 32, incrs: [...STEPS_S], values: (_, ticks) => ticks.map(runTime) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(String) },
    ],
    series: [{ label: "time", value: (_, t_s) => (t_s === null ? "–" : runTime(t_s)) }, ...lines],
    hooks: { draw: [(plot) => drawMarks(plot, colour)], ready: [(plot) => ready(plot, fields.length)] },
  };
}

/** A double click looks at that moment; ghost lines need no row of their own in the legend. */
function ready(plot: uPlot, count: number): void {
  plot.over.addEventListener("dblclick", () => lookAt(plot.posToVal(plot.cursor.left ?? 0, "x")));
  Array.from(plot.root.querySelectorAll(".u-series"))
    .slice(1 + count)
    .forEach((row) => row.classList.add("ahead-row"));
}

/** A colour of the sheet as a canvas takes it. */
function colourOf(): (name: string) => string {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const made = new Map<string, string>();
  for (const name of ["--ink", "--quiet", "--line", "--accent", "--fault", "--warning", "--trend-0", "--trend-1", "--trend-2", "--trend-3"]) {
    probe.style.color = `var(${name})`;
    made.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => made.get(name) ?? "";
}

function heightOf(): number {
  return Math.max(140, Math.min(260, Math.round(window.innerHeight / 4)));
}

function span(low: number, high: number): [number, number] {
  const wide = Math.max(high - low, Math.abs(high) * 0.05, 1);
  return [low >= 0 ? Math.max(0, low - wide * 0.1) : low - wide * 0.1, high + wide * 0.1];
}

/** Events as fine vertical lines, now and the moment looked at as stronger ones. */
function drawMarks(plot: uPlot, colour: (name: string) => string): void {
  const { ctx, bbox } = plot;
  const upright = (t_s: number, stroke: string, dash: number[]) => {
    const x = plot.valToPos(t_s, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.strokeStyle = stroke;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  };
  ctx.save();
  ctx.lineWidth = 1;
  for (const event of events.value) if (weightOf(event) > 1) upright(event.t_s, colour(weightOf(event) > 2 ? "--fault" : "--warning"), [2, 4]);
  if (ghost.value) upright(clock.value.t_s, colour("--ink"), []);
  if (moment.value) upright(moment.value.t_s, colour("--accent"), []);
  ctx.restore();
}
