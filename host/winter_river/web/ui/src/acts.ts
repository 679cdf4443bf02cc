/** What a person can do to the site; each says in words what came of it. */

import { signal } from "@preact/signals";
import { post, sentence } from "./api";
import { clock, cues, exercise, facility, link, may, role, running } from "./store";
import { lookNow } from "./past";
import type { Ack, Exercise, WhatIf } from "./types";
import { closing, say, view } from "./ui";

// What operates no equipment; see scenario/exercise.py.
const NOT_FOR_TRAINEES = new Set(["set_fault", "restore", "restart", "config", "factory_reset", "update"]);

const SELECTED_MS = 4_500; // the node keeps a selection for 5 s
let chosen: { readonly node_id: string; readonly verb: string; readonly until_ms: number } | null = null;

const TOLD_MS = 1_000; // chosen: the stream has told by then what came of it
let asked: { readonly frozen: boolean; until_ms: number; done: Promise<void> | undefined } | null = null;

const AHEAD_S = 600; // ten minutes, the span that what-ifs are made for

/** The ghost lines: the run ahead last asked for, what it was, and from when. */
export const ghost = signal<{ readonly title: string; readonly from_s: number; readonly run: WhatIf } | null>(null);
export const trendFields = signal<readonly string[]>([]);

export async function command(node_id: string, verb: string, params: Record<string, unknown> = {}): Promise<boolean> {
  lookNow();
  const selecting = isTwoStep(verb, params) && !isSelected(node_id, verb);
  try {
    const asked = selecting ? { command: "select", params: { command: verb } } : { command: verb, params };
    const ack = await post<Ack>(`/nodes/${encodeURIComponent(node_id)}/command`, asked);
    if (selecting && ack.result === "done") {
      chosen = { node_id, verb, until_ms: Date.now() + SELECTED_MS };
      say(`${node_id} is selected: press again within 5 s to ${verb.replace("_", " ")}`);
      return false;
    }
    const done = ack.result === "done";
    say(done ? `${node_id}: ${verb} done${ack.applied ? ` (${ack.applied})` : ""}` : refusal(node_id, verb, ack), !done);
    return done;
  } catch (error) {
    say(`${node_id}: ${sentence(error)}`, true);
    return false;
  }
}

/** Whether a secured site wants this in two steps: the device is selected, then operated. */
function isTwoStep(verb: string, params: Record<string, unknown>): boolean {
  const steps = facility.value?.two_step;
  return !!steps && (steps.verbs.includes(verb) || steps.handles.includes(String(params.to)));
}

/** Whether the press before this one selected it; one press uses it up. */
function isSelected(node_id: string, verb: string): boolean {
  const found = chosen?.node_id === node_id && chosen.verb === verb && Date.now() < chosen.until_ms;
  chosen = null;
  return found;
}

/** Why not, and what to do about it, in the words of the terminal. */
function refusal(node_id: string, verb: string, ack: Ack): string {
  const text = `${node_id}: ${verb} ${ack.result}${ack.reason ? ` (${ack.reason})` : ""}${ack.words ? `: ${ack.words}` : ""}${ack.applied ? `; ${ack.applied}` : ""}`;
  return ack.cure ? `${text}; ${ack.cure}` : text;
}

export function press(node_id: string, long: boolean): Promise<void> {
  return attempt(post(`/nodes/${encodeURIComponent(node_id)}/press`, { long }), `${node_id}: button pressed${long ? " long" : ""}`);
}

/** Twice in a row is there and back, though the first is not told yet; the second waits for the first. */
export function freezeOrRun(): Promise<void> {
  const frozen = asked && Date.now() < asked.until_ms ? asked.frozen : clock.value.frozen;
  const mine = (asked = { frozen: !frozen, until_ms: Infinity, done: asked?.done });
  mine.done = Promise.resolve(mine.done)
    .then(() => attempt(post("/clock", { action: frozen ? "run" : "freeze" }), frozen ? "Time runs" : "Time is frozen"))
    .then(() => void (mine.until_ms = Date.now() + TOLD_MS));
  return mine.done;
}

export function setSpeed(speed: number): Promise<void> {
  return attempt(post("/clock", { action: "speed", value: speed }), `Speed ${speed}×`);
}

export function step(seconds = 1): Promise<void> {
  return attempt(post("/clock", { action: "step", value: seconds }), `Stepped ${seconds} s`);
}

export function back(seconds = 30): Promise<void> {
  lookNow();
  return attempt(post("/clock", { action: "back", value: seconds }), `Back ${seconds} s`);
}

/** The site itself goes back; what came after has not happened. */
export function backTo(t_s: number): Promise<void> {
  lookNow();
  return attempt(post("/clock", { action: "goto", value: t_s }), "The site is back at that instant");
}

export async function start(scenario: string, options: { exam?: boolean; trainee?: string } = {}): Promise<void> {
  lookNow();
  cues.value = [];
  const close = closing();
  try {
    const answer = await post<{ exercise: Exercise }>("/exercise", { scenario, exam: false, trainee: "", ...options });
    if (link.value !== "live") exercise.value = answer.exercise; // else the stream tells it, and may be further by now
    say(`Started: ${String(answer.exercise.title ?? scenario)}`);
    close();
  } catch (error) {
    say(`Cannot start ${scenario}: ${sentence(error)}`, true);
  }
}

/** Ends the exercise and opens its debrief. */
export async function end(): Promise<void> {
  try {
    const answer = await post<{ debrief: string }>("/exercise/end");
    say(answer.debrief ? "Exercise ended; its debrief is open in a new tab" : "Exercise ended");
    if (answer.debrief) openDebrief(answer.debrief);
  } catch (error) {
    say(sentence(error), true);
  }
}

/** In a tab of its own; in this one where the browser allows no other. */
export function openDebrief(address: string): void {
  if (!window.open(address, "_blank")) location.assign(address);
}

interface Change {
  readonly node_id: string;
  readonly command: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Runs a copy of the site ahead with some changes and shows it as ghost lines beside reality. */
export async function whatIf(title: string, changes: readonly Change[], from_s: number | null): Promise<void> {
  const fields = trendFields.value.length ? trendFields.value : firstFields();
  trendFields.value = fields;
  const close = closing();
  try {
    const run = await post<WhatIf>("/what-if", { changes, from_s, ahead_s: AHEAD_S, fields });
    ghost.value = { title, from_s: from_s ?? clock.value.t_s, run };
    lookNow();
    view.value = "trends";
    close();
    say(`What if: ${title}. ${run.events?.length ?? 0} events in the ten minutes ahead`);
  } catch (error) {
    say(`What if: ${sentence(error)}`, true);
  }
}

/** What an operator looks at first: the batteries, the generators, the whole load. */
export function firstFields(): string[] {
  const nodes = Object.entries(facility.value?.nodes ?? {});
  const of = (part: string, field: string) => nodes.filter(([, device]) => device.part === part).slice(0, 2).map(([id]) => `${id}.${field}`);
  return [...of("ups", "soc_pct"), ...of("bess", "soc_pct"), ...of("bess", "power_kw"), ...of("pv", "power_kw"), ...of("generator", "power_kw"), ...of("utility", "power_kw"), ...of("server", "power_kw").slice(0, 1)];
}

/** Downloads what the service makes of this run. */
export function save(kind: "scenario" | "pytest"): void {
  location.assign(`/api/v1/save/${kind}`);
}

export async function attempt(asked: Promise<unknown>, done: string): Promise<void> {
  try {
    await asked;
    if (done) say(done);
  } catch (error) {
    say(sentence(error), true);
  }
}

interface Control {
  readonly nodes: readonly string[];
  readonly verb: string; // empty: all that operate
}

/** Whether whoever looks may send this verb, as far as the page knows; the server decides. */
export function mayCommand(id: string, verb: string): boolean {
  if (role.value !== "trainee") return may(verb === "set_fault" ? "break" : verb === "restart" ? "service" : "operate");
  if (!running.value) return false;
  const controls = exercise.value?.controls as readonly Control[] | null | undefined;
  if (controls?.some((control) => control.verb === verb && control.nodes.includes(id))) return true;
  if (NOT_FOR_TRAINEES.has(verb)) return false;
  return !controls || controls.some((control) => !control.verb && control.nodes.includes(id));
}
