/** What is told to everybody: answers and refusals in a line, and what happens, at most every 3 s, to screen readers. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { runTime } from "../format";
import { events, shownTime } from "../store";
import { notice } from "../ui";
import { waiting } from "./alarms";
import { weightOf, wordsOf } from "./events";

const SPEAK_MS = 3000; // chosen: slow enough to be heard out
const SHOW_MS = 9000;
const TOGETHER_MAX = 4;

const spoken = signal("");
const visible = signal(0);

export function Announcer() {
  useEffect(() => {
    let told = new Set(waiting.value.map((alarm) => `${alarm.alarm} ${alarm.count} ${alarm.priority}`));
    let last = events.value.at(-1)?.id ?? 0;
    const timer = setInterval(() => {
      const loud = waiting.value.filter((alarm) => !told.has(`${alarm.alarm} ${alarm.count} ${alarm.priority}`));
      told = new Set(waiting.value.map((alarm) => `${alarm.alarm} ${alarm.count} ${alarm.priority}`));
      if (loud.length) {
        last = events.value.at(-1)?.id ?? last;
        spoken.value = `Alarm, ${loud.slice(0, TOGETHER_MAX).map((alarm) => `${alarm.priority}: ${alarm.message}`).join(". ")}`;
        return;
      }
      const fresh = events.value.filter((event) => event.id > last && weightOf(event) > 1);
      if (!events.value.length || (events.value.at(-1)?.id ?? 0) < last) last = events.value.at(-1)?.id ?? 0;
      if (!fresh.length) return;
      last = events.value.at(-1)?.id ?? last;
      const more = fresh.length > TOGETHER_MAX ? `, and ${fresh.length - TOGETHER_MAX} more` : "";
      spoken.value = fresh.slice(0, TOGETHER_MAX).map((event) => `${event.node_id} ${wordsOf(event)}`).join(". ") + more;
    }, SPEAK_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (!notice.value.count) return undefined;
    visible.value = notice.value.count;
    const timer = setTimeout(() => (visible.value = 0), SHOW_MS);
    return () => clearTimeout(timer);
  }, [notice.value.count]);
  const { text, bad, count } = notice.value;
  return (
    <>
      <p class="unseen" aria-live="polite" data-live="events">{spoken.value}</p>
      <div class={`notice ${bad ? "bad" : ""} ${visible.value === count && text ? "on" : ""}`} role={bad ? "alert" : "status"}>
        {bad ? <b aria-hidden="true">! </b> : null}
        {text}
      </div>
    </>
  );
}

/** The last thing that happened, with its cause, in one line. */
export function LastEvent() {
  const until = shownTime.value + 0.001;
  const event = events.value.findLast((each) => each.t_s <= until);
  if (!event) return null;
  const cause = events.value.find((each) => each.id === event.cause);
  return (
    <p class="last-event">
      <span class="t">{runTime(event.t_s)}</span> <b>{event.node_id}</b> {wordsOf(event)}
      {cause ? <span class="quiet"> because {cause.node_id} {wordsOf(cause)}</span> : null}
    </p>
  );
}
