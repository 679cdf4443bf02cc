/** What the service keeps on its disk: curves of any span in the time of the day, joined to what comes live. */

import { computed, effect, signal } from "@preact/signals";
import { get, Refusal } from "./api";
import { clock, health, link, liveView } from "./store";
import { kept } from "./ui";

const NODE_GONE = new Set(["offline", "never"]);
const SILENCE_S = 20; // of the contract: a node that says nothing for longer is gone
const TAIL_MAX = 3600; // chosen: live values of an hour, while the store is behind

export const HOUR_S = 3600;
export const DAY_S = 86_400;

/** Seconds -> words and how many pieces. From a day up the store answers from its sums of five minutes. */
export const SPANS: readonly (readonly [number, string, number])[] = [
  [HOUR_S, "Last hour", 360],
  [DAY_S, "Last day", 288],
  [7 * DAY_S, "Last week", 504],
  [30 * DAY_S, "Last 30 days", 480],
  [365 * DAY_S, "Last year", 500],
];

/** How far back is shown: 0 is what the run itself remembers, in its own time. */
export const span_s = kept<number>("trend_span_s", 0);

/** Where the span ends, seconds since 1970; null is now, and goes on. */
export const until_s = signal<number | null>(null);

/** Why there is no history to show, in a sentence; "" while there is. */
export const noStore = signal("");

/** The zone that times of the day are told in, as Intl names it; "" is the one of the settings, and without one this browser's own. */
export const zone = kept<string>("zone", "");
export const ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((each) => each !== "UTC")];
export const zoneName = computed(() => (ZONES.includes(zone.value) ? zone.value : String(health.value.timezone || "") || Intl.DateTimeFormat().resolvedOptions().timeZone));

/** A curve as the service tells it. */
interface Told {
  readonly width_s: number;
  readonly unix_s: readonly number[];
  readonly mean: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

const NOT_FOUND = 404;
const NOTHING: Told = { width_s: 0, unix_s: [], mean: [], low: [], high: [] };

/** Columns of one field; null in them is a gap. */
export type Curve = readonly [t_s: number[], mean: (number | null)[], low: (number | null)[], high: (number | null)[]];

/** What has come live, by field; kept while somebody looks. */
const tails = new Map<string, [unix_s: number, value: number | null][]>();

/** Remembers what these fields show, once a second, until the function it gives is called. */
export function follow(fields: () => readonly string[]): () => void {
  let last_s = 0;
  const stop = effect(() => {
    const now_s = clock.value.unix_s ?? 0;
    if (link.peek() !== "live" || (now_s > last_s && now_s < last_s + 1)) return;
    last_s = now_s;
    for (const field of fields()) {
      const [id = "", name = ""] = field.split(".");
      const view = liveView(id).peek();
      const value = NODE_GONE.has(String(view.presence)) ? null : view[name];
      const tail = tails.get(field) ?? [];
      tails.set(field, [...tail, [now_s, typeof value === "number" ? value : null] as [number, number | null]].slice(-TAIL_MAX));
    }
  });
  return () => {
    stop();
    tails.clear();
  };
}

/** The curve of a field over a span that ends at to_s, or, where that is null, now. */
export async function curve(field: string, from_s: number, to_s: number | null, points: number): Promise<Curve> {
  const [id = "", name = ""] = field.split(".");
  const query = new URLSearchParams({ from_unix_s: String(from_s), points: String(points) });
  if (to_s !== null) query.set("to_unix_s", String(to_s));
  const told = await get<Told>(`/history/${encodeURIComponent(id)}/${encodeURIComponent(name)}?${query.toString()}`).catch((error: unknown) => {
    if (error instanceof Refusal && error.status === NOT_FOUND) return NOTHING; // nothing of it has been kept yet
    throw error;
  });
  return joined(told, to_s === null ? (tails.get(field) ?? []) : []);
}

/** What was kept and what came since, each once. A piece stands at its middle; where nothing was heard there is a gap. */
function joined(told: Told, tail: readonly (readonly [number, number | null])[]): Curve {
  const made: Curve = [[], [], [], []];
  const apart_s = Math.max(1.5 * told.width_s, SILENCE_S);
  const add = (t_s: number, mean: number | null, low: number | null, high: number | null) => {
    const before_s = made[0].at(-1);
    if (before_s !== undefined && t_s <= before_s) return;
    if (before_s !== undefined && t_s - before_s > apart_s) push(before_s + apart_s / 2, null, null, null);
    push(t_s, mean, low, high);
  };
  const push = (...row: [number, number | null, number | null, number | null]) => row.forEach((value, place) => (made[place] as (number | null)[]).push(value));
  const latest_s = tail.at(-1)?.[0] ?? Infinity;
  told.unix_s.forEach((begin_s, place) => add(Math.min(begin_s + told.width_s / 2, latest_s - 1), told.mean[place] ?? null, told.low[place] ?? null, told.high[place] ?? null));
  for (const [t_s, value] of tail) add(t_s, value, value, value);
  return made;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** A moment in the chosen zone: `14:05:07`, or with its day, or the day alone. */
export function moment(unix_s: number, form: "second" | "minute" | "day" | "whole"): string {
  const key = `${zoneName.value} ${form}`;
  let format = formats.get(key);
  if (!format) {
    const day = { month: "short", day: "numeric" } as const;
    const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
    const parts = { second: { ...time, second: "2-digit" }, minute: time, day, whole: { year: "numeric", ...day, ...time, second: "2-digit" } } as const;
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zoneName.value, ...parts[form] });
    formats.set(key, format);
  }
  return format.format(unix_s * 1000);
}
