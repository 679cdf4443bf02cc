/** Trends of any field, several at once, one chart a unit, with marks of events and ghost lines of what-ifs. */

import { effect, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import uPlot from "uplot";
import { firstFields, ghost, trendFields } from "../acts";
import { get, sentence } from "../api";
import { label, runTime } from "../format";
import { noStore, span_s } from "../history";
import { lookAt } from "../past";
import { clock, events, facility, ids, moment } from "../store";
import type { Series } from "../types";
import { say } from "../ui";
import { axis, type Colours, colourOf, heightOf, line, stroke, unitOf, upright, usePlot } from "./chart";
import { weightOf, wordsOf } from "./events";
import { History, Span } from "./history";
import { window_s } from "./timebar";

const POINTS = 600;
const REFRESH_MS = 1000;
const FIELDS_MAX = 12; // chosen: more lines than that nobody tells apart
const AHEAD_MAX = 24;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

type Column = readonly (number | null)[];

export function Trends() {
  if (!trendFields.value.length) trendFields.value = firstFields();
  return (
    <section class="trends" aria-label="Trends">
      <Span />
      <Picker />
      {span_s.value && !noStore.value ? <History key={span_s.value} /> : <Run />}
    </section>
  );
}

/** What the run itself remembers, in its own time. */
function Run() {
  const data = useSignal<Series>({ t_s: [], series: {} });
  useEffect(() => {
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
    <>
      <Ghost />
      {units.map((unit) => (
        <Chart key={`${unit}|${trendFields.value.join()}|${ghost.value?.title ?? ""}`} unit={unit} fields={trendFields.value.filter((field) => unitOf(field) === unit)} data={data.value} />
      ))}
    </>
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
  const { from, to } = window_s.value;
  const shown = useMemo(() => table(fields, data), [data]);
  // What the charts span: the time bar's window, and the ghost's ten minutes where there is one.
  const holder = usePlot((width) => options(unit, fields, width), shown, from, Math.max(to, ghost.value?.run.t_s.at(-1) ?? 0));
  return (
    <figure class="chart">
      <figcaption>{unit ? `in ${unit}` : "without unit"}</figcaption>
      <div ref={holder} />
      <p class="unseen">{fields.map((field) => `${field} is now ${data.series[field]?.at(-1) ?? "unknown"} ${unit}`).join(". ")}</p>
    </figure>
  );
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
  const lines = fields.map((field, index) => line(field, index, unit, colour));
  if (ghost.value) lines.push(...fields.map((field, index) => ({ ...line(field, index, unit, colour), label: `${field} (what if)`, width: 1.5, dash: [4, 5], spanGaps: true })));
  return {
    width,
    height: heightOf(),
    cursor: { sync: { key: "trends" }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: upright(unit) },
    axes: [
      { ...axis(colour), size: 32, incrs: [...STEPS_S], values: (_, ticks) => ticks.map(runTime) },
      { ...axis(colour), size: 64, values: (_, ticks) => ticks.map(String) },
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

/** Events as fine vertical lines, now and the moment looked at as stronger ones. */
function drawMarks(plot: uPlot, colour: Colours): void {
  plot.ctx.save();
  for (const event of events.value) if (weightOf(event) > 1) stroke(plot, event.t_s, colour(weightOf(event) > 2 ? "--fault" : "--warning"), [2, 4]);
  if (ghost.value) stroke(plot, clock.value.t_s, colour("--ink"), []);
  if (moment.value) stroke(plot, moment.value.t_s, colour("--accent"), []);
  plot.ctx.restore();
}
