/** The head of the page: the clock, the instructor's six controls, who needs attention, how the stream is. */

import { computed, signal } from "@preact/signals";
import { back, end, freezeOrRun, setSpeed, start } from "../acts";
import { LETTERS, lookOf, URGENCY, type Look } from "../condition";
import { runTime } from "../format";
import { clock, facility, health, ids, link, may, role, running, shown } from "../store";
import { dialog, select, view, VIEWS } from "../ui";
import { AlarmCount } from "./alarms";
import { chosenScenario, Scenario } from "./scenario";

const SPEEDS = [0.1, 0.5, 1, 2, 5, 10, 60, 100, 1000];
const SPEED_GOAL = 0.9; // chosen: a tenth below what was asked is worth saying

export function Bar() {
  return (
    <header class="bar">
      <div class="brand">
        <h1>Winter River</h1>
        <span class="quiet">{facility.value?.title || facility.value?.name}</span>
      </div>
      {may("exercise") ? (
        <div class="controls" role="toolbar" aria-label="Instructor">
          <Scenario />
          <button class="go" disabled={!chosenScenario.value} onClick={() => start(chosenScenario.value)} title="Start the chosen scenario">Start</button>
          {may("time") ? (
            <>
              <button aria-pressed={clock.value.frozen} onClick={freezeOrRun} title="Freeze or run (space)">
                {clock.value.frozen ? "Run" : "Freeze"}
              </button>
              <select aria-label="Speed" value={clock.value.speed} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
                {Array.from(new Set([...SPEEDS, clock.value.speed])).sort((a, b) => a - b).map((speed) => (
                  <option key={speed} value={speed}>{speed}×</option>
                ))}
              </select>
              <button onClick={() => back(30)} title="The site goes back 30 s (b)">Back 30 s</button>
            </>
          ) : null}
          <button disabled={!running.value} onClick={end} title="End the exercise and open its debrief">End with debrief</button>
        </div>
      ) : null}
      <div class="side-info">
        <Clock />
        <Link />
        {may("exercise") ? null : <span class="quiet">{role.value}</span>}
        <button class="more" onClick={() => (dialog.value = "more")} title="Everything else (m)">
          More <kbd>m</kbd>
        </button>
      </div>
    </header>
  );
}

function Clock() {
  const { t_s, frozen, speed, speed_real } = clock.value;
  const slow = !frozen && typeof speed_real === "number" && speed_real < speed * SPEED_GOAL;
  return (
    <span class="clock" title="Time of the run">
      <span aria-hidden="true">{frozen ? "❚❚" : "▶"}</span> <b class="t">{runTime(t_s)}</b>
      <span class="quiet"> {frozen ? "frozen" : `${slow ? `${speed_real.toFixed(1)} of ` : ""}${speed}×`}</span>
    </span>
  );
}

const LINK_WORDS = {
  starting: "connecting …",
  live: "live",
  polling: "The stream is broken; asking every 10 s",
  down: "The service does not answer; asking every 10 s",
} as const;

function Link() {
  const down = health.value.why_down;
  return (
    <span class={`link-state ${link.value}`} role="status">
      {link.value === "live" ? (
        <>
          <span class="dot" aria-hidden="true" /> live{down ? <b class="bad"> · no broker</b> : null}
        </>
      ) : (
        LINK_WORDS[link.value]
      )}
    </span>
  );
}

/** The devices that ask for a look, the worst first. */
const attention = computed(() => {
  const found: { readonly id: string; readonly look: Look }[] = [];
  for (const id of ids.value) {
    const look = lookOf(shown(id).value);
    if (LETTERS[look]) found.push({ id, look });
  }
  return found.sort((a, b) => URGENCY.indexOf(a.look) - URGENCY.indexOf(b.look));
});

const SHOWN_MAX = 6;
const TABS_REM = 36; // what else stands in that line
const PILL_REM = 11;
const ALL_MAX = 60;
const showAll = signal(false);

/** As many as fit in one line. */
function shownMax(): number {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return Math.min(SHOWN_MAX, Math.max(2, Math.floor((window.innerWidth / rem - TABS_REM) / PILL_REM)));
}

export function Tabs() {
  const troubled = attention.value;
  const most = shownMax();
  return (
    <nav class="tabs" aria-label="Views">
      <div role="tablist">
        {VIEWS.map(([name, words], index) => (
          <button key={name} role="tab" aria-selected={view.value === name} onClick={() => (view.value = name)} title={`${words} (${index + 1})`}>
            {words}
            {name === "alarms" ? <AlarmCount /> : null}
          </button>
        ))}
      </div>
      <div class="attention" aria-label={`${troubled.length} devices need attention`}>
        {troubled.slice(0, showAll.value ? ALL_MAX : most).map(({ id, look }) => (
          <button key={id} class="pill" onClick={() => select(id)}>
            <b class={`letter ${look}`}>{LETTERS[look]}</b> {id}
          </button>
        ))}
        {troubled.length > most ? (
          <button class="link" aria-expanded={showAll.value} onClick={() => (showAll.value = !showAll.value)}>{showAll.value ? "fewer" : `and ${troubled.length - most} more`}</button>
        ) : null}
        {troubled.length ? null : <span class="quiet">All is well</span>}
      </div>
    </nav>
  );
}
