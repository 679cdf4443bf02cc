/** Trends that reach back over days, into what the service keeps on its disk, in the time of the day. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { trendFields } from "../acts";
import { get, Refusal, sentence } from "../api";
import { type Curve, curve, DAY_S, follow, HOUR_S, moment, noStore, SPANS, span_s, until_s, zone, zoneName, ZONES } from "../history";
import { clock, health } from "../store";
import type { SiteEvent } from "../types";
import { say } from "../ui";
import { axis, type Colours, colourOf, heightOf, line, stroke, unitOf, upright, usePlot } from "./chart";
import { weightOf } from "./events";

const NO_STORE = 503;
const MARKS_MAX = 1000; // chosen: more would be a smear
const REFRESH_MS = [5_000, 60_000] as const; // of an hour: as often as nodes speak; of a day and more
const STEPS_S = [10, 30, 60, 300, 600, 900, 1800, HOUR_S, 2 * HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S, 2 * DAY_S, 5 * DAY_S, 7 * DAY_S, 14 * DAY_S, 30 * DAY_S, 61 * DAY_S];

interface Shown {
  readonly from_s: number;
  readonly to_s: number;
  readonly curves: ReadonlyMap<string, Curve>;
  readonly marks: readonly (SiteEvent & { readonly unix_s: number })[];
}

/** Chooses how far back the trends reach, and in which zone their times are told. */
export function Span() {
  const back = (spans: number) => {
    const to_s = (until_s.value ?? clock.value.unix_s ?? 0) + spans * span_s.value;
    until_s.value = to_s < (clock.value.unix_s ?? 0) ? to_s : null;
  };
  return (
    <div class="picker">
      <select
        aria-label="Span"
        value={span_s.value}
        onChange={(event) => {
          span_s.value = Number(event.currentTarget.value);
          until_s.value = null;
          noStore.value = "";
        }}
      >
        <option value={0}>This run, by the time bar</option>
        {SPANS.map(([seconds, words]) => (
          <option key={seconds} value={seconds}>{words}</option>
        ))}
      </select>
      {span_s.value && !noStore.value ? (
        <>
          <button onClick={() => back(-1)} title="One span further back">‹ Earlier</button>
          <button disabled={until_s.value === null} onClick={() => back(1)}>Later ›</button>
          <button disabled={until_s.value === null} onClick={() => (until_s.value = null)}>Now</button>
          <label>
            <span class="quiet">Times in </span>
            <select aria-label="Time zone" value={zone.value} onChange={(event) => (zone.value = event.currentTarget.value)}>
              <option value="">{String(health.value.timezone || "") || "here"}</option>
              {ZONES.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        </>
      ) : null}
      {span_s.value && noStore.value ? <span class="no-history" role="status">{noStore.value} Shown is what the run itself remembers.</span> : null}
    </div>
  );
}

export function History() {
  const shown = useSignal<Shown | null>(null);
  const fields = trendFields.value;
  const ends = until_s.value;
  useEffect(() => follow(() => trendFields.peek()), []);
  useEffect(() => {
    let gone = false;
    let asked = 0;
    const load = async () => {
      if (document.hidden) return;
      const mine = (asked += 1);
      const to_s = ends ?? clock.peek().unix_s ?? 0;
      const from_s = to_s - span_s.peek();
      const pieces = SPANS.find(([seconds]) => seconds === span_s.peek())?.[2] ?? 1;
      try {
        // All at once: of what is awaited later, a refusal that comes first would be nobody's.
        const [{ events }, curves] = await Promise.all([
          get<{ events: Shown["marks"] }>(`/happenings?from_unix_s=${from_s}&to_unix_s=${to_s}&limit=${MARKS_MAX}`),
          Promise.all(fields.map((field) => curve(field, from_s, ends, pieces))),
        ]);
        if (!gone && mine === asked) shown.value = { from_s, to_s, curves: new Map(fields.map((field, place) => [field, curves[place]!])), marks: events.filter((event) => weightOf(event) > 1) };
      } catch (error) {
        if (error instanceof Refusal && error.status === NO_STORE) noStore.value = `${sentence(error)}.`;
        else say(`Trends: ${sentence(error)}`, true);
        if (!gone && ends !== null) setTimeout(() => gone || void load(), REFRESH_MS[0]);
      }
    };
    void load();
    const timer = ends === null ? setInterval(() => void load(), REFRESH_MS[span_s.peek() > HOUR_S ? 1 : 0]) : 0;
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [fields, ends]);
  const now = shown.value;
  if (!now) return <p class="quiet">Asking the history …</p>;
  const units = Array.from(new Set(fields.map(unitOf)));
  return (
    <>
      <p class="quiet small">
        {moment(now.from_s, "whole")} to {moment(now.to_s, "whole")}, {zoneName.value}. A line is the mean, its band reaches from the lowest to the highest; where nothing was heard there is no line.
      </p>
      {units.map((unit) => (
        <Chart key={`${unit}|${fields.join()}|${zoneName.value}`} unit={unit} fields={fields.filter((field) => unitOf(field) === unit)} shown={now} />
      ))}
    </>
  );
}

function Chart({ unit, fields, shown }: { unit: string; fields: readonly string[]; shown: Shown }) {
  const table = useMemo(() => uPlot.join(fields.map((field) => (shown.curves.get(field) ?? [[], [], [], []]) as unknown as uPlot.AlignedData)), [shown]);
  const latest = useRef(shown);
  latest.current = shown;
  const holder = usePlot((width) => options(unit, fields, width, () => latest.current.marks), table, shown.from_s, shown.to_s);
  return (
    <figure class="chart">
      <figcaption>{unit ? `in ${unit}` : "without unit"}</figcaption>
      <div ref={holder} />
      <p class="unseen">{fields.map((field) => extremes(field, unit, shown.curves.get(field))).join(". ")}</p>
    </figure>
  );
}

/** The curve in words, for who cannot see it. */
function extremes(field: string, unit: string, told: Curve | undefined): string {
  const low = Math.min(...(told?.[2] ?? []).filter((value) => value !== null));
  const high = Math.max(...(told?.[3] ?? []).filter((value) => value !== null));
  return Number.isFinite(low) ? `${field} was between ${low.toFixed(1)} and ${high.toFixed(1)} ${unit}` : `Nothing was heard of ${field}`;
}

function options(unit: string, fields: readonly string[], width: number, marks: () => Shown["marks"]): uPlot.Options {
  const colour = colourOf();
  const edge: uPlot.Series = { width: 0, points: { show: false }, spanGaps: false };
  return {
    width,
    height: heightOf(),
    cursor: { sync: { key: "history" }, drag: { x: false, y: false } },
    tzDate: (unix_s) => uPlot.tzDate(new Date(unix_s * 1000), zoneName.value),
    scales: { x: { time: true }, y: upright(unit) },
    axes: [
      { ...axis(colour), size: 32, space: 70, incrs: [...STEPS_S], values: (_, ticks, __, ___, step) => ticks.map((at) => tick(at, step)) },
      { ...axis(colour), size: 64, values: (_, ticks) => ticks.map(String) },
    ],
    series: [
      { label: "time", value: (_, unix_s) => (unix_s === null ? "–" : moment(unix_s, "whole")) },
      ...fields.flatMap((field, index) => [line(field, index, unit, colour), edge, edge]),
    ],
    bands: fields.map((_, index) => ({ series: [3 * index + 3, 3 * index + 2], fill: `color-mix(in srgb, ${colour(`--trend-${index % 4}`)} 22%, transparent)` })),
    hooks: { draw: [(plot) => drawMarks(plot, marks(), colour)], ready: [(plot) => plot.root.querySelectorAll(".u-series").forEach((row, place) => row.classList.toggle("ahead-row", place > 0 && place % 3 !== 1))] },
  };
}

/** Midnight is told by its day. */
function tick(unix_s: number, step_s: number): string {
  const time = moment(unix_s, "minute");
  if (step_s >= DAY_S || time === "00:00") return moment(unix_s, "day");
  return step_s < 60 ? moment(unix_s, "second") : time;
}

function drawMarks(plot: uPlot, marks: Shown["marks"], colour: Colours): void {
  plot.ctx.save();
  for (const event of marks) stroke(plot, event.unix_s, colour(weightOf(event) > 2 ? "--fault" : "--warning"), [2, 4]);
  plot.ctx.restore();
}
