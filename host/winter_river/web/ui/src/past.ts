/** Looking back: the whole page shows the site as it was. The site itself runs on. */

import { signal } from "@preact/signals";
import { get, sentence } from "./api";
import { screensWatched } from "./screens";
import { clock, moment } from "./store";
import type { Moment } from "./types";
import { say } from "./ui";

const NOW_S = 0.5; // chosen: nearer to now than this is now


/** Where the time bar's handle is: ahead of `moment` while that is still on its way; null is now. */
export const wanted = signal<number | null>(null);
let asking = false;

export function lookAt(t_s: number): void {
  if (t_s >= clock.value.t_s - NOW_S) return lookNow();
  wanted.value = Math.max(clock.value.begin_s ?? 0, t_s);
  void fetchWanted();
}

export function lookNow(): void {
  wanted.value = null;
  moment.value = null;
}

/** One question at a time; whatever was dragged over meanwhile is skipped. */
async function fetchWanted(): Promise<void> {
  if (asking) return;
  asking = true;
  try {
    while (wanted.value !== null && wanted.value !== moment.value?.t_s) {
      const t_s = wanted.value;
      const answer = await get<Moment>(`/at?t_s=${t_s.toFixed(3)}&screens=${screensWatched()}`);
      if (wanted.value !== null) moment.value = { ...answer, t_s };
    }
  } catch (error) {
    say(`Cannot look back: ${sentence(error)}`, true);
    lookNow();
  } finally {
    asking = false;
  }
}

/** The moment went away by itself: time was rolled back, or the stream began anew. */
moment.subscribe((value) => {
  if (value === null && !asking) wanted.value = null;
});
