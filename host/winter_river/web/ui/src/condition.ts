/** How a device looks, in the words of `winter_river.web.painting`, which decides it on the server. */

import type { View } from "./types";

export type Look = "live" | "warning" | "fault" | "stale" | "dead" | "idle" | "absent";

export const LETTERS: Readonly<Record<Look, string>> = { live: "", warning: "W", fault: "F", stale: "S", dead: "D", idle: "", absent: "X" };

export const LOOK_WORDS: Readonly<Record<Look, string>> = {
  live: "energised",
  warning: "energised, warning",
  fault: "fault",
  stale: "stale, no fresh report",
  dead: "dead",
  idle: "at rest",
  absent: "absent, no node answers",
};

/** What most needs a look comes first. */
export const URGENCY: readonly Look[] = ["fault", "dead", "warning", "absent", "stale"];

export function lookOf(view: View): Look {
  const look = view.look;
  return typeof look === "string" && look in LETTERS ? (look as Look) : "idle";
}
