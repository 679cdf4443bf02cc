/** The alarms: what needs somebody first, the worst first; each with its cure, and with what follows from it under it. */

import { computed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { attempt } from "../acts";
import { post } from "../api";
import { runTime } from "../format";
import { moment as momentOf } from "../history";
import { lookAt } from "../past";
import { alarms, clock, may, role, running } from "../store";
import type { Alarm } from "../types";
import { chainOf, dialog, kept, select } from "../ui";

/** Worst first: number and shape say it as well as the colour. */
export const PRIORITIES = ["critical", "high", "medium", "low"] as const;
const WAITING = new Set(["unacknowledged", "returned"]);
const ASIDE = new Set(["shelved", "out_of_service"]);
const STATES: Readonly<Record<string, string>> = {
  unacknowledged: "not acknowledged",
  acknowledged: "acknowledged",
  returned: "over, not acknowledged",
  suppressed: "follows from another",
  shelved: "shelved",
  out_of_service: "out of service",
};
const SHELVE_MINUTES = [5, 15, 30, 60, 240, 480];
const FILTERS = [
  ["standing", "Standing"],
  ["waiting", "Not acknowledged"],
  ["aside", "Put aside"],
  ["all", "All"],
] as const;
type Filter = (typeof FILTERS)[number][0];

const filter = kept<Filter>("alarms", "standing");

export function waits(alarm: Alarm): boolean {
  return WAITING.has(alarm.state);
}

/** Those that ask for somebody, the worst first. */
export const waiting = computed(() => alarms.value.alarms.filter(waits));

export function mayAcknowledge(): boolean {
  return may("acknowledge") || (role.value === "trainee" && running.value);
}

export function acknowledge(alarm?: Alarm): Promise<void> {
  return attempt(post("/alarms/acknowledge", { alarm: alarm?.alarm ?? "" }), alarm ? `Acknowledged: ${alarm.message}` : "All alarms acknowledged");
}

export function Priority({ of }: { of: string }) {
  const place = PRIORITIES.indexOf(of as (typeof PRIORITIES)[number]) + 1;
  return (
    <b class={`priority p${place}`} title={of}>
      <span aria-hidden="true">{place}</span>
      <span class="unseen">{of}</span>
    </b>
  );
}

function fits(alarm: Alarm, which: Filter): boolean {
  if (which === "all") return alarm.state !== "suppressed";
  if (which === "aside") return ASIDE.has(alarm.state);
  if (which === "waiting") return waits(alarm);
  return alarm.state !== "suppressed" && !ASIDE.has(alarm.state);
}

export function Alarms() {
  const words = useSignal("");
  const list = useRef<HTMLOListElement>(null);
  const { alarms: all, figures, fault, unjudged, left_out } = alarms.value;
  const wanted = words.value.toLowerCase();
  const named = (each: Alarm) => !wanted || `${each.alarm} ${each.message} ${each.priority}`.toLowerCase().includes(wanted);
  const found = all.filter((each) => fits(each, filter.value) && (named(each) || all.some((other) => other.root === each.alarm && named(other))));
  useEffect(() => moveWithArrows(list.current), []);
  return (
    <section class="alarm-view" aria-label="Alarms">
      <div class="row wrap">
        <div class="row wrap" role="group" aria-label="Which alarms">
          {FILTERS.map(([name, label]) => (
            <button key={name} aria-pressed={filter.value === name} onClick={() => (filter.value = name)}>
              {label} <span class="t quiet">{all.filter((each) => fits(each, name)).length}</span>
            </button>
          ))}
        </div>
        <input type="search" aria-label="Show only alarms with" placeholder="Show only …" onInput={(event) => (words.value = event.currentTarget.value)} />
        {mayAcknowledge() ? (
          <button class="go" disabled={!waiting.value.length} onClick={() => acknowledge()} title="Acknowledge all that wait (A)">
            Acknowledge all{waiting.value.length ? ` ${waiting.value.length}` : ""}
          </button>
        ) : null}
      </div>
      {fault ? <p class="banner bad">{fault}</p> : null}
      {figures?.flood ? <p class="banner bad">Alarm flood: {figures.rate_10min} new alarms in ten minutes. Work on the worst first.</p> : null}
      <ol class="alarm-list" ref={list}>
        {found.map((alarm) => (
          <Row key={alarm.alarm} alarm={alarm} under={all.filter((each) => each.root === alarm.alarm)} />
        ))}
      </ol>
      {found.length ? null : <p class="quiet nothing">{filter.value === "standing" ? nothingStands(all) : "No alarm here."}</p>}
      {left_out ? <p class="quiet">and {left_out} more</p> : null}
      <p class="quiet small">
        {figures ? `${figures.rate_10min} new in the last ten minutes` : ""}
        {figures && !figures.acceptable ? " (one is what an operator can well look after)" : ""}
        {unjudged?.length ? ` · ${unjudged.length === 1 ? "one rule" : `${unjudged.length} rules`} cannot be judged here: ${unjudged.map((each) => each.replaceAll("_", " ")).join(", ")}` : ""}
      </p>
    </section>
  );
}

/** What is put aside is not well: it is said where nothing else is. */
function nothingStands(all: readonly Alarm[]): string {
  const aside = all.filter((each) => ASIDE.has(each.state) && each.active);
  if (!aside.length) return "No alarm stands. All is well.";
  const follow = all.filter((each) => each.state === "suppressed" && each.root).length;
  return `No alarm stands, but ${aside.length === 1 ? "one is" : `${aside.length} are`} put aside${follow ? `, and ${follow === 1 ? "one more follows" : `${follow} more follow`}` : ""}.`;
}

function Row({ alarm, under }: { alarm: Alarm; under: readonly Alarm[] }) {
  const shelving = useSignal(false);
  const name = alarm.node_id || "the service";
  const why = () => {
    chainOf.value = alarm.event;
    dialog.value = "chain";
  };
  return (
    <li class={`alarm ${alarm.state}`} tabIndex={-1} data-alarm={alarm.alarm} aria-label={`${alarm.priority}: ${alarm.message}, ${STATES[alarm.state] ?? alarm.state}`}>
      <Priority of={alarm.priority} />
      <div class="what">
        <p class="message">
          {alarm.message}
          {alarm.count > 1 ? <span class="quiet" title="How often it has come"> · {alarm.count}×</span> : null}
        </p>
        <p class="quiet">
          {alarm.of_site ? <button class="link t" title="Look at this moment" onClick={() => lookAt(alarm.t_s)}>{runTime(alarm.t_s)}</button> : <span class="t">{alarm.unix_s ? momentOf(alarm.unix_s, "second") : ""}</span>}
          {" · "}
          {alarm.node_id ? <button class="link name" onClick={() => select(alarm.node_id)}>{name}</button> : name}
          {alarm.event ? <> · <button class="link" onClick={why}>why</button></> : null}
          {alarm.active ? <> · {alarm.cure}</> : null}
        </p>
        {alarm.reason || alarm.by ? <p class="quiet">{told(alarm)}</p> : null}
        {under.length ? <Under alarms={under} /> : null}
        {shelving.value ? <Shelve alarm={alarm} done={() => (shelving.value = false)} /> : null}
      </div>
      <span class="state">{STATES[alarm.state] ?? alarm.state}</span>
      <div class="row acts">
        {waits(alarm) && mayAcknowledge() ? <button class="go" onClick={() => acknowledge(alarm)}>Acknowledge</button> : null}
        {alarm.state === "shelved" && may("shelve") ? <button onClick={() => attempt(post("/alarms/unshelve", { alarm: alarm.alarm }), `Back: ${alarm.message}`)}>Bring back</button> : null}
        {alarm.state === "out_of_service" && may("maintain") ? <button onClick={() => attempt(post("/alarms/service", { alarm: alarm.alarm, in_service: true }), `In service again: ${alarm.message}`)}>Back into service</button> : null}
        {!ASIDE.has(alarm.state) && may("shelve") ? <button aria-expanded={shelving.value} onClick={() => (shelving.value = !shelving.value)}>Shelve …</button> : null}
      </div>
    </li>
  );
}

/** What follows from an alarm, by kind: it asks for nobody by itself. */
function Under({ alarms: under }: { alarms: readonly Alarm[] }) {
  return (
    <details class="under">
      <summary>{under.length === 1 ? "One more follows" : `${under.length} more follow`} from it</summary>
      <ul>
        {under.map((each) => (
          <li key={each.alarm}>
            <Priority of={each.priority} /> {each.message}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Shelve({ alarm, done }: { alarm: Alarm; done: () => void }) {
  const minutes = useSignal(30);
  const reason = useSignal("");
  const send = (path: string, body: Readonly<Record<string, unknown>>, words: string) => {
    done();
    return attempt(post(path, { alarm: alarm.alarm, reason: reason.value, ...body }), words);
  };
  return (
    <form
      class="row wrap shelve"
      onSubmit={(event) => {
        event.preventDefault();
        void send("/alarms/shelve", { minutes: minutes.value }, `Shelved for ${minutes.value} min: ${alarm.message}`);
      }}
    >
      <select aria-label="For how long" value={minutes.value} onChange={(event) => (minutes.value = Number(event.currentTarget.value))}>
        {SHELVE_MINUTES.map((each) => (
          <option key={each} value={each}>{each < 60 ? `${each} min` : `${each / 60} h`}</option>
        ))}
      </select>
      <input type="text" autofocus aria-label="Why" placeholder="Why, for those who come after" maxLength={200} onInput={(event) => (reason.value = event.currentTarget.value)} />
      <button disabled={!reason.value.trim()}>Shelve</button>
      {may("maintain") ? (
        <button type="button" disabled={!reason.value.trim()} onClick={() => send("/alarms/service", { in_service: false }, `Out of service: ${alarm.message}`)}>Out of service</button>
      ) : null}
    </form>
  );
}

function told(alarm: Alarm): string {
  const now_s = clock.value.unix_s ?? 0;
  const left_min = Math.max(0, Math.ceil((alarm.until_unix_s - now_s) / 60));
  const until = alarm.state === "shelved" ? `, ${left_min} min left` : "";
  return `${STATES[alarm.state] ?? alarm.state}${alarm.by ? ` by ${alarm.by}` : ""}${alarm.reason ? `: ${alarm.reason}` : ""}${until}`;
}

/** Up and down go from alarm to alarm, a acknowledges the one that has the focus. */
function moveWithArrows(list: HTMLOListElement | null): (() => void) | undefined {
  if (!list) return undefined;
  const act = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const rows = [...list.querySelectorAll<HTMLElement>(".alarm")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
    } else if (event.key === "a" && mayAcknowledge()) {
      const alarm = alarms.value.alarms.find((each) => each.alarm === rows[Math.max(at, 0)]?.dataset.alarm);
      if (alarm && waits(alarm)) void acknowledge(alarm);
    } else if (event.key === "A" && mayAcknowledge() && waiting.value.length) void acknowledge();
    else return;
    event.stopPropagation();
  };
  const view = list.closest<HTMLElement>(".alarm-view") ?? list;
  view.tabIndex = -1;
  view.focus({ preventScroll: true });
  view.addEventListener("keydown", act);
  return () => view.removeEventListener("keydown", act);
}

/** How many wait, and how bad the worst is: on the tab, so on every view. */
export function AlarmCount() {
  const found = waiting.value;
  const worst = found[0];
  if (!worst) return null;
  return (
    <span class="alarm-count" title={worst.message}>
      <Priority of={worst.priority} /> <b class="t">{found.length}</b>
    </span>
  );
}
