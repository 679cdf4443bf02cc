/** The one time bar under everything: drag it and the whole page looks back; events stand on it as marks. */

import { computed, useSignal } from "@preact/signals";
import { backTo, whatIf } from "../acts";
import { runTime } from "../format";
import { lookAt, lookNow, wanted } from "../past";
import { clock, events, may, moment } from "../store";
import { weightOf, wordsOf } from "./events";
import { chainOf, dialog, kept } from "../ui";

const SPANS_S = [120, 600, 3600] as const;
const MARKS_MAX = 150; // chosen: more marks than this on one bar are a smear
const STEP_S = 1;
const PAGE_S = 30;

const span_s = kept<number>("span_s", 600);

export const window_s = computed(() => {
  const to = clock.value.t_s;
  const from = Math.max((clock.value.begin_s ?? 0), to - span_s.value);
  return { from, to: Math.max(to, from + Math.min(60, span_s.value)) };
});

export function TimeBar() {
  const { from, to } = window_s.value;
  const now = clock.value.t_s;
  const at = wanted.value ?? now;
  const dragging = useSignal(false);
  const place = (event: PointerEvent) => {
    const rect = (event.currentTarget as HTMLElement).getBoundingClientRect();
    lookAt(Math.min(now, from + ((event.clientX - rect.left) / rect.width) * (to - from)));
  };
  const share = (t_s: number) => `${(((t_s - from) / (to - from)) * 100).toFixed(2)}%`;
  return (
    <section class={`timebar ${wanted.value === null ? "" : "past"}`} aria-label="Time">
      <div class="time-now">
        <strong class="t">{runTime(at)}</strong>
        <span class="quiet">{wanted.value === null ? (clock.value.frozen ? "frozen" : "now") : `${runTime(now - at)} ago`}</span>
      </div>
      <div
        class="track"
        role="slider"
        tabIndex={0}
        aria-label="Time shown"
        aria-valuemin={Math.ceil((clock.value.begin_s ?? 0))}
        aria-valuemax={Math.floor(now)}
        aria-valuenow={Math.floor(at)}
        aria-valuetext={wanted.value === null ? `now, ${runTime(at)}` : `${runTime(at)}, ${runTime(now - at)} ago`}
        onPointerDown={(event) => {
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
          dragging.value = true;
          place(event);
        }}
        onPointerMove={(event) => dragging.value && place(event)}
        onPointerUp={() => (dragging.value = false)}
        onPointerCancel={() => (dragging.value = false)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -STEP_S, ArrowRight: STEP_S, PageUp: -PAGE_S, PageDown: PAGE_S }[event.key];
          if (by !== undefined) lookAt(at + by);
          else if (event.key === "Home") lookAt(from);
          else if (event.key === "End") lookNow();
          else return;
          event.preventDefault();
        }}
      >
        <div class="rail" />
        <div class="filled" style={{ width: share(at) }} />
        <Marks share={share} from={from} to={to} />
        <div class="handle" style={{ left: share(at) }} />
      </div>
      <select aria-label="Span of the time bar" value={span_s.value} onChange={(event) => (span_s.value = Number(event.currentTarget.value))}>
        {SPANS_S.map((each) => (
          <option key={each} value={each}>{each < 3600 ? `${each / 60} min` : "1 hour"}</option>
        ))}
      </select>
      <button class="now" disabled={wanted.value === null} onClick={lookNow} title="Back to now (n)">Now</button>
    </section>
  );
}

function Marks({ share, from, to }: { share: (t_s: number) => string; from: number; to: number }) {
  const shownEvents = events.value.filter((event) => event.t_s >= from && event.t_s <= to && weightOf(event) > 0);
  const places = new Map<string, (typeof shownEvents)[number]>();
  for (const event of shownEvents) {
    const key = String(Math.round(((event.t_s - from) / (to - from)) * MARKS_MAX));
    const there = places.get(key);
    if (!there || weightOf(event) > weightOf(there)) places.set(key, event);
  }
  return (
    <>
      {Array.from(places.values(), (event) => (
        <button
          key={event.id}
          class={`mark weight-${weightOf(event)}`}
          style={{ left: share(event.t_s) }}
          tabIndex={-1}
          title={`${runTime(event.t_s)} ${event.node_id} ${wordsOf(event)}`}
          aria-label={`${runTime(event.t_s)} ${event.node_id} ${wordsOf(event)}`}
          onPointerDown={(press) => press.stopPropagation()}
          onClick={() => {
            lookAt(event.t_s);
            chainOf.value = event.id;
            dialog.value = "chain";
          }}
        />
      ))}
    </>
  );
}

/** Says that the page looks back, and what can be done from there. */
export function PastBanner() {
  const past = moment.value;
  if (!past) return null;
  return (
    <div class="banner past" role="status">
      <span>
        You are looking back at <b>{runTime(past.t_s)}</b>. The site itself runs on.
      </span>
      <button onClick={lookNow}>Now</button>
      {may("time") ? <button onClick={() => backTo(past.t_s)}>Backtrack: go on from here</button> : null}
      {may("what_if") ? <button onClick={() => whatIf(`from ${runTime(past.t_s)}`, [], past.t_s)}>Run ahead from here</button> : null}
      {may("what_if") ? <button onClick={() => (dialog.value = "what-if")}>What if from here …</button> : null}
    </div>
  );
}
