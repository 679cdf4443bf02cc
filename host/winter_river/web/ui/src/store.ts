/** What the page knows: the live state, fed by the stream, and the moment it looks back at. */

import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Alarms, Clock, Cue, Delta, Exercise, Facility, Flow, Health, Moment, SiteEvent, State, View } from "./types";

const EVENTS_MAX = 3000; // chosen: an hour of a bad day
const CUES_MAX = 50;
const NOTHING: View = {};

export const facility = signal<Facility | null>(null);
export const role = signal("viewer");
export const clock = signal<Clock>({ t_s: 0, frozen: false, speed: 1 });
export const health = signal<Health>({});
export const balance = signal<View>({});
export const exercise = signal<Exercise | null>(null);
export const alarms = signal<Alarms>({ alarms: [] });
export const events = signal<readonly SiteEvent[]>([]);
export const cues = signal<readonly Cue[]>([]);

/** live: the stream runs. polling: it is broken, and /state is asked every 10 s. down: nothing answers. */
export const link = signal<"starting" | "live" | "polling" | "down">("starting");

/** The moment looked back at; null is now. */
export const moment = signal<Moment | null>(null);

const live = new Map<string, Signal<View>>();
const flows = new Map<string, Signal<Flow | null>>();
const shownNodes = new Map<string, ReadonlySignal<View>>();
const shownFlows = new Map<string, ReadonlySignal<Flow | null>>();

/** What whoever opened the page may do, in the words of web/access.py. */
const rights = signal<readonly string[]>([]);

/** Whether whoever opened the page has a right; in an exam nobody moves time. The server checks again. */
export function may(right: string): boolean {
  return rights.value.includes(right) && !(right === "time" && running.value && exercise.value?.exam === true);
}

/** How the diagram looks now, by SVG id; and what of it changed last. */
export let livePaint: Record<string, string> = {};
export const painted = signal<Readonly<Record<string, string>>>({});

export const ids = computed(() => Object.keys(facility.value?.nodes ?? {}));

/** Whether an exercise is on that can be operated in, answered and ended. */
export const running = computed(() => exercise.value?.state === "running");

/** Seconds of the run that the page shows: now, or the moment looked back at. */
export const shownTime = computed(() => moment.value?.t_s ?? clock.value.t_s);

/** A device as it is to be shown. */
export function shown(id: string): ReadonlySignal<View> {
  return remembered(shownNodes, id, () => {
    const now = liveView(id);
    return computed(() => (moment.value ? (moment.value.nodes[id] ?? NOTHING) : now.value));
  });
}

/** A device's state in the words of the type whose part its own plays; "" where there is none. */
export function stateLike(id: string, state: unknown): string {
  const site = facility.value;
  const word = typeof state === "string" ? state : "";
  return site?.types[site.nodes[id]?.type ?? ""]?.states[word]?.like ?? word;
}

export function shownFlow(key: string): ReadonlySignal<Flow | null> {
  return remembered(shownFlows, key, () => {
    const now = liveFlow(key);
    return computed(() => (moment.value ? (moment.value.flows?.[key] ?? null) : now.value));
  });
}

export const shownBalance = computed(() => (moment.value ? (moment.value.facility ?? NOTHING) : balance.value));

export function liveView(id: string): Signal<View> {
  return remembered(live, id, () => signal<View>(NOTHING));
}

function liveFlow(key: string): Signal<Flow | null> {
  return remembered(flows, key, () => signal<Flow | null>(null));
}

/** Another run of the service: nothing of before happened in it. */
export function forgetAll(): void {
  events.value = [];
  cues.value = [];
  moment.value = null;
}

export function applyState(state: State): void {
  if (clock.value.timeline !== undefined && state.clock.timeline !== clock.value.timeline) forgetFuture(state.clock.t_s);
  else if (state.clock.t_s < clock.value.t_s) forgetFuture(-1); // the same timeline, earlier: another run
  if (state.role) role.value = state.role;
  if (state.may) rights.value = state.may;
  clock.value = state.clock;
  health.value = state.health ?? {};
  balance.value = state.facility ?? {};
  exercise.value = state.exercise ?? null;
  alarms.value = { alarms: [], ...state.alarms };
  for (const [id, view] of Object.entries(state.nodes)) liveView(id).value = view;
  for (const [key, flow] of Object.entries(state.flows ?? {})) liveFlow(key).value = flow;
  livePaint = { ...state.paint };
  painted.value = livePaint;
}

export function applyDelta(delta: Delta): void {
  if (delta.clock) {
    const before = clock.value;
    clock.value = { ...before, ...delta.clock };
    if (clock.value.timeline !== before.timeline) forgetFuture(clock.value.t_s);
  }
  if (delta.health) health.value = { ...health.value, ...delta.health };
  if (delta.facility) balance.value = { ...balance.value, ...delta.facility };
  if (delta.exercise !== undefined) exercise.value = delta.exercise;
  if (delta.alarms) alarms.value = { alarms: [], ...delta.alarms };
  for (const [id, changed] of Object.entries(delta.nodes ?? {})) {
    const node = liveView(id);
    node.value = { ...node.value, ...changed };
  }
  for (const [key, flow] of Object.entries(delta.flows ?? {})) liveFlow(key).value = flow;
  if (delta.paint) {
    Object.assign(livePaint, delta.paint);
    painted.value = delta.paint;
  }
}

export function addEvents(fresh: readonly SiteEvent[]): void {
  // In any order: what is asked for may come after what the stream has told meanwhile.
  const known = new Set(events.value.map((each) => each.id));
  const others = fresh.filter((each) => !known.has(each.id));
  if (others.length) events.value = [...events.value, ...others].sort((one, other) => one.id - other.id).slice(-EVENTS_MAX);
}

export function addCue(cue: Cue): void {
  cues.value = [...cues.value, cue].slice(-CUES_MAX);
}

/** After going back in time what happened later has not happened. */
function forgetFuture(t_s: number): void {
  events.value = events.value.filter((each) => each.t_s <= t_s);
  moment.value = null;
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
