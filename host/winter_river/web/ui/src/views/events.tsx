/** What happened, the latest first; each event names its cause, and its whole chain is one click away. */

import { useSignal } from "@preact/signals";
import { get, sentence } from "../api";
import { runTime, stateWord } from "../format";
import { moment as momentOf, zoneName } from "../history";
import { lookAt } from "../past";
import { clock, events, facility, shownTime, stateLike } from "../store";
import type { SiteEvent } from "../types";
import { chainOf, dialog, select } from "../ui";

const ROWS = 200;

type KeptEvent = SiteEvent & { readonly unix_s: number; readonly source: string; readonly run: number; readonly timeline: number };

const HEAVY = new Set(["trip", "fault", "dead", "lost", "not_solved", "collapsed", "overload"]);
const BAD_STATES = new Set(["OUTAGE", "FAULT", "TRIPPED", "OFF", "NO_INPUT"]);
const WARNING_STATES = new Set(["ON_BATTERY", "OVERLOAD", "SAG", "SWELL", "FREQUENCY", "STARTING", "GENERATOR", "SECOND", "WARNING", "DEGRADED", "BYPASS"]);

/** 0 is not worth a mark, 1 a small one, 2 a warning's, 3 a fault's. */
export function weightOf(event: SiteEvent): number {
  const to = stateLike(event.node_id, event.to);
  if (HEAVY.has(event.event) || BAD_STATES.has(to)) return event.event === "fault" && !event.to ? 1 : 3;
  return WARNING_STATES.has(to) ? 2 : 1;
}

export function wordsOf(event: SiteEvent): string {
  if (event.text) return event.text;
  const change = event.from && event.to ? `${stateWord(event.from)} → ${stateWord(event.to)}` : stateWord(event.to || event.from || "");
  return event.event === "state" ? change : `${event.event.replaceAll("_", " ")} ${event.to ?? ""}`.trim();
}

export function chain(id: number): SiteEvent[] {
  const byId = new Map(events.value.map((event) => [event.id, event]));
  const found: SiteEvent[] = [];
  for (let next = byId.get(id); next && found.length < 50; next = byId.get(next.cause ?? 0)) found.push(next);
  return found;
}

export function Events({ rows = ROWS }: { rows?: number }) {
  const filter = useSignal("");
  const until = shownTime.value + 0.001;
  const words = filter.value.toLowerCase();
  const fitting = events.value.filter(
    (event) => event.t_s <= until && (!words || `${event.node_id} ${wordsOf(event)}`.toLowerCase().includes(words)),
  );
  const byId = new Map(events.value.map((event) => [event.id, event]));
  return (
    <section class="events" aria-label="Events">
      <div class="row">
        <input type="search" aria-label="Show only events with" placeholder="Show only …" onInput={(event) => (filter.value = event.currentTarget.value)} />
        <span class="quiet">{fitting.length} events</span>
      </div>
      <ol class="log">
        {fitting
          .slice(-rows)
          .reverse()
          .map((event) => (
            <Row key={event.id} event={event} cause={byId.get(event.cause ?? 0)} />
          ))}
      </ol>
      {fitting.length ? null : <p class="quiet">Nothing has happened yet.</p>}
      <Kept words={words} />
    </section>
  );
}

/** What earlier runs and the nodes themselves told, from the history, in the time of the day. */
function Kept({ words }: { words: string }) {
  const found = useSignal<readonly KeptEvent[]>([]);
  const told = useSignal("");
  const busy = useSignal(false);
  const load = async () => {
    busy.value = true;
    try {
      const to = found.value[0]?.unix_s ?? (clock.value.unix_s ?? 0) + 1;
      const { events: older } = await get<{ events: KeptEvent[] }>(`/happenings?from_unix_s=0&to_unix_s=${to}&limit=${ROWS}`);
      found.value = [...older, ...found.value];
      told.value = older.length ? "" : "That is all there is.";
    } catch (error) {
      told.value = `${sentence(error)}.`;
    }
    busy.value = false;
  };
  const listed = new Set(events.value.map((event) => `${event.id} ${event.t_s}`)); // of this run, above
  const fitting = found.value.filter((event) => !(event.source === "engine" && listed.has(`${event.id} ${event.t_s}`)) && (!words || `${event.node_id} ${wordsOf(event)}`.toLowerCase().includes(words)));
  return (
    <>
      {fitting.length ? <p class="quiet small">From the history, times in {zoneName.value}:</p> : null}
      <ol class="log kept">
        {fitting.toReversed().map((event) => (
          <li key={`${event.source} ${event.run} ${event.id} ${event.timeline}`} class={`weight-${weightOf(event)}`}>
            <span class="t">{momentOf(event.unix_s, "whole")}</span>
            <button class="link name" onClick={() => select(event.node_id)}>{event.node_id}</button>
            <span>{wordsOf(event)}</span>
            <span class="quiet">{event.source === event.node_id ? "told by itself" : ""}</span>
          </li>
        ))}
      </ol>
      <div class="row">
        <button disabled={busy.value} onClick={() => void load()}>Earlier, from the history</button> <span class="quiet" role="status">{told.value}</span>
      </div>
    </>
  );
}

function Row({ event, cause }: { event: SiteEvent; cause: SiteEvent | undefined }) {
  const show = () => {
    chainOf.value = event.id;
    dialog.value = "chain";
  };
  return (
    <li class={`weight-${weightOf(event)}`}>
      <button class="link t" title="Look at this moment" onClick={() => lookAt(event.t_s)}>{runTime(event.t_s)}</button>
      <button class="link name" onClick={() => select(event.node_id)}>{event.node_id}</button>
      <span>{wordsOf(event)}</span>
      {cause ? (
        <button class="link because" onClick={show} title="The whole chain">because {cause.node_id} {wordsOf(cause)}</button>
      ) : null}
    </li>
  );
}

/** From an event back to the first cause. */
export function Chain() {
  const found = chain(chainOf.value);
  const site = facility.value;
  return (
    <ol class="chain">
      {found.map((event, index) => (
        <li key={event.id} class={`weight-${weightOf(event)}`}>
          <span class="quiet">{index ? "because " : ""}</span>
          <button class="link t" onClick={() => lookAt(event.t_s)}>{runTime(event.t_s)}</button>{" "}
          <b title={site?.nodes[event.node_id]?.title}>{event.node_id}</b> {wordsOf(event)}
        </li>
      ))}
      {found.length ? null : <li class="quiet">This event is older than the log.</li>}
    </ol>
  );
}
