/** One device: what it is doing, why it is dead, its screen, and what can be asked of it. */

import { useEffect, useState } from "preact/hooks";
import { mayCommand, press } from "../acts";
import { get } from "../api";
import { LETTERS, LOOK_WORDS, lookOf } from "../condition";
import { figure, label, stateWord } from "../format";
import { watchScreens } from "../screens";
import { facility, may, moment, running, shown } from "../store";
import type { Device, DeviceType, View } from "../types";
import { select, selected } from "../ui";
import { Malfunctions } from "./malfunctions";
import { focusOnDiagram } from "./plant";
import { TagForm } from "./tags";
import { Verbs } from "./verbs";
import { Oled } from "./wall";

// What the head of the panel says already, and what only machines read.
const NOT_LISTED = new Set(["v", "seq", "ts", "boot", "node_id", "type", "state", "status", "presence", "mac", "timeline", "look", "t_s", "reset_cause"]);
// Asked for elsewhere in this panel: malfunctions below, pages by the button.
const ELSEWHERE = new Set(["set_fault", "page"]);
const WHY_LOOKS = new Set(["fault", "dead", "warning", "absent"]);

export function DevicePanel({ id }: { id: string }) {
  useEffect(watchScreens, []);
  const device = facility.value?.nodes[id];
  const view = shown(id).value;
  if (!device) return null;
  const type = facility.value?.types[device.type];
  const look = lookOf(view);
  const close = () => {
    focusOnDiagram();
    select(null);
  };
  return (
    <section class="device" aria-label={`Device ${id}`} key={id}>
      <header class="panel-head">
        <div>
          <h2>{device.title || id}</h2>
          <p class="quiet">
            {id} · {device.type}
            {device.feeds.length ? " · fed by " : ""}
            {device.feeds.map((feed, index) => (
              <span key={feed}>
                {index ? ", " : ""}
                <button class="link" onClick={() => select(feed)}>{feed}</button>
              </span>
            ))}
          </p>
        </div>
        <button class="close" aria-label="Close the panel (Escape)" title="Close (Escape)" onClick={close}>×</button>
      </header>
      <p class={`look ${look}`}>
        {LETTERS[look] ? <b class={`letter ${look}`}>{LETTERS[look]}</b> : null}
        <strong>{stateWord(view.state)}</strong>
        <span class="quiet">{type?.states[String(view.state)]?.words ?? LOOK_WORDS[look]}</span>
      </p>
      {WHY_LOOKS.has(look) ? <Why id={id} state={`${look} ${String(view.state)}`} /> : null}
      <div class="glass">
        <Oled id={id} />
        {may("press") ? (
          <div class="row" role="group" aria-label="The device's button">
            <button disabled={moment.value !== null} onClick={() => press(id, false)} title="Turns its page">Press</button>
            <button disabled={moment.value !== null} onClick={() => press(id, true)} title="Moves its handle by hand">Press long</button>
          </div>
        ) : null}
      </div>
      {type ? <Operate id={id} device={device} type={type} view={view} /> : null}
      <Figures view={view} />
    </section>
  );
}

function Operate({ id, device, type, view }: { id: string; device: Device; type: DeviceType; view: View }) {
  if (moment.value) return <p class="quiet boxed">This is the past; nothing can be operated there. Press n for now.</p>;
  const allowed = type.verbs.filter(({ verb }) => !ELSEWHERE.has(verb) && mayCommand(id, verb));
  return (
    <>
      {allowed.length ? <Verbs id={id} device={device} type={type} view={view} verbs={allowed} /> : null}
      {mayCommand(id, "set_fault") && type.malfunctions.length ? <Malfunctions id={id} type={type} view={view} /> : null}
      {running.value && may("answer") ? <TagForm id={id} /> : null}
      {!allowed.length && !mayCommand(id, "set_fault") ? <p class="quiet boxed">Nothing of it is yours to operate.</p> : null}
    </>
  );
}

/** The chain of causes behind a state that is not as it should be. */
function Why({ id, state }: { id: string; state: string }) {
  const [lines, setLines] = useState<readonly string[]>([]);
  useEffect(() => {
    let gone = false;
    void get<{ text: readonly string[] }>(`/nodes/${encodeURIComponent(id)}/why`)
      .then((answer) => !gone && setLines(answer.text.slice(1)))
      .catch(() => !gone && setLines([]));
    return () => {
      gone = true;
    };
  }, [id, state]);
  if (!lines.length) return null;
  return (
    <div class="why">
      <h3>Why</h3>
      <ol>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ol>
    </div>
  );
}

function Figures({ view }: { view: View }) {
  const site = facility.value;
  const rows = Object.entries(view).filter(([name, value]) => !NOT_LISTED.has(name) && value !== null && value !== undefined && value !== "");
  return (
    <table class="figures">
      <caption class="unseen">Figures of {selected.value}</caption>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name} title={site?.fields[name]?.words}>
            <th scope="row">{label(name)}</th>
            <td>{figure(site, name, value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
