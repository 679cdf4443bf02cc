/** The live stream, and what to do while it is broken: say so, ask every 10 s, return to it by itself. */

import { batch } from "@preact/signals";
import { AGAIN_MS, get, Refusal } from "./api";
import { addCue, addEvents, applyDelta, applyState, clock, events, forgetAll, ids, link } from "./store";
import type { Cue, Delta, SiteEvent, State } from "./types";

const POLL_MS = 10_000;
const LINK_NEEDED = 401; // the link was taken back, or was of another run
const SILENT_MS = 12_000; // chosen: the stream says something every 2 s

let source: EventSource | null = null;
let heardAt = 0;
let run = ""; // of the service, as the ids of the stream begin

export function startStream(): void {
  open();
  setInterval(watch, POLL_MS);
}

function open(): void {
  source?.close();
  const fresh = new EventSource("/api/v1/stream");
  source = fresh;
  fresh.onopen = () => {
    heardAt = Date.now();
    link.value = "live";
  };
  fresh.onerror = () => {
    if (source !== fresh) return;
    if (link.value !== "down") link.value = "polling";
    // The browser tries again by itself unless it was refused outright.
    if (fresh.readyState === EventSource.CLOSED) setTimeout(() => source === fresh && open(), AGAIN_MS);
  };
  on<State>(fresh, "state", (state, id) => {
    const before = run;
    run = id.split("-")[0] ?? "";
    if (before && run !== before) forgetAll();
    takeIn(state);
    void catchUp();
  });
  on<Delta>(fresh, "delta", applyDelta);
  on<SiteEvent>(fresh, "event", (event) => addEvents([event]));
  on<Cue>(fresh, "cue", addCue);
}

function on<T>(from: EventSource, name: string, take: (data: T, id: string) => void): void {
  from.addEventListener(name, (message) => {
    heardAt = Date.now();
    if (link.value !== "live") link.value = "live";
    const { data, lastEventId } = message as MessageEvent<string>;
    const told = JSON.parse(data) as T;
    batch(() => take(told, lastEventId));
  });
}

/** Every 10 s: is the stream broken, or silent in spite of news? */
async function watch(): Promise<void> {
  if (link.value === "live" && Date.now() - heardAt < SILENT_MS) return;
  const before_s = clock.value.t_s;
  try {
    await refresh();
    if (link.value !== "live") link.value = "polling";
    else if (clock.value.t_s !== before_s) open();
  } catch (error) {
    if (error instanceof Refusal && error.status === LINK_NEEDED) location.reload(); // the service says it better
    link.value = "down";
  }
}

async function refresh(): Promise<void> {
  const before = heardAt;
  const state = await get<State>("/state");
  if (heardAt !== before) return; // the stream is back, and knows better
  batch(() => takeIn(state));
  await catchUp();
}

/** Takes in the whole state; a service that runs another facility now needs another page. */
function takeIn(state: State): void {
  if (Object.keys(state.nodes).join() !== ids.value.join()) location.reload();
  applyState(state);
}

/** The events that were missed, or at first all there are. */
async function catchUp(): Promise<void> {
  try {
    const since = events.value.at(-1)?.id ?? 0;
    const told = await get<{ timeline: number; events: SiteEvent[] }>(`/events?since=${since}`);
    if (told.timeline === clock.value.timeline) addEvents(told.events); // else time was taken back, and the stream says so
  } catch {
    // The stream or the next watch says what is wrong.
  }
}
