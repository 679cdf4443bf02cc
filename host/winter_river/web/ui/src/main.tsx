/** The page of Winter River: asks for the facility, starts the stream, puts the views together. */

import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/parts.css";
import "./style/views.css";
import "./style/settings.css";

import { batch } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { AGAIN_MS, get, sentence } from "./api";
import { duration, figure, num } from "./format";
import { startKeys } from "./keys";
import { startStream } from "./stream";
import { applyState, exercise, facility, ids, link, shown, shownBalance, stateLike } from "./store";
import type { Facility, State } from "./types";
import { applyLook, projector, say, selected, view } from "./ui";
import { Alarms } from "./views/alarms";
import { Announcer, LastEvent } from "./views/announce";
import { Bar, Tabs } from "./views/bar";
import { DevicePanel } from "./views/device";
import { Dialogs } from "./views/dialogs";
import { Events } from "./views/events";
import { Caption, ExercisePanel } from "./views/exercise";
import { FacilityView } from "./views/facility";
import { Plant } from "./views/plant";
import { PastBanner, TimeBar } from "./views/timebar";
import { Trends } from "./views/trends";
import { Wall } from "./views/wall";

const LARGE: readonly (readonly [string, string])[] = [["source_kw", "sources"], ["it_kw", "servers"], ["pue", "PUE"], ["served_pct", "served so far"]];

function Page() {
  if (!facility.value) return <p class="quiet starting">Asking the service what is here …</p>;
  const shownView = view.value;
  return (
    <>
      <Bar />
      <Tabs />
      <PastBanner />
      <main class={`view-${shownView} ${selected.value ? "with-device" : ""} ${exercise.value ? "with-exercise" : ""} ${link.value === "live" ? "" : "broken"}`}>
        <div class="stage">
          {projector.value ? <Large /> : null}
          {shownView === "plant" ? <Plant /> : null}
          {shownView === "screens" ? <Wall /> : null}
          {shownView === "trends" ? <Trends /> : null}
          {shownView === "events" ? <Events /> : null}
          {shownView === "facility" ? <FacilityView /> : null}
          {shownView === "alarms" ? <Alarms /> : null}
          <Caption />
        </div>
        <Dock wall={shownView === "plant"} />
      </main>
      <footer>
        <LastEvent />
        <TimeBar />
      </footer>
      <Announcer />
      <Dialogs />
    </>
  );
}

/** What stands beside the stage. A device that is opened comes into view, and the beginning when it is closed. */
function Dock({ wall }: { wall: boolean }) {
  const element = useRef<HTMLElement>(null);
  const id = selected.value;
  useEffect(() => {
    const dock = element.current;
    const device = dock?.querySelector<HTMLElement>(".device");
    if (dock) dock.scrollTop = device ? device.offsetTop - dock.offsetTop : 0;
  }, [id]);
  return (
    <aside class="dock" ref={element}>
      <ExercisePanel />
      {id ? <DevicePanel key={id} id={id} /> : null}
      {!id && wall ? <Wall /> : null}
    </aside>
  );
}

/** The figures that are read from the back of the room. */
function Large() {
  const now = shownBalance.value;
  const lefts = ids.value.flatMap((id) => {
    const one = shown(id).value;
    return stateLike(id, one.state) === "ON_BATTERY" && num(one, "runtime_s") !== null ? [{ id, left: num(one, "runtime_s") ?? 0 }] : [];
  });
  return (
    <dl class="large">
      {LARGE.map(([name, words]) => (
        <div key={name}>
          <dt>{words}</dt>
          <dd>{figure(facility.value, name, now[name])}</dd>
        </div>
      ))}
      {lefts.slice(0, 4).map(({ id, left }) => (
        <div key={id} class="warning">
          <dt>{id} battery left</dt>
          <dd>{duration(left)}</dd>
        </div>
      ))}
    </dl>
  );
}

async function begin(): Promise<void> {
  try {
    // Both before anything is shown: a page whose buttons come later swallows what is typed at once.
    const [site, state] = await Promise.all([get<Facility>("/facility"), get<State>("/state")]);
    batch(() => {
      facility.value = site;
      applyState(state);
    });
    startStream();
  } catch (error) {
    say(sentence(error), true);
    const told = document.querySelector(".starting");
    if (told) told.textContent = `${sentence(error)} Trying again …`;
    setTimeout(() => void begin(), AGAIN_MS);
  }
}

applyLook();
startKeys();
const root = document.getElementById("page");
if (root) render(<Page />, root);
void begin();
