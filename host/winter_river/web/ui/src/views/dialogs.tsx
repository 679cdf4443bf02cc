/** Everything that is one key away: the palette, the keys, snapshots, initial conditions, what-ifs, links. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren, FunctionComponent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { save, step, whatIf } from "../acts";
import { facility, may, moment } from "../store";
import { dialog, projector, theme, view, VIEWS } from "../ui";
import { useAsked } from "./asked";
import { Chain } from "./events";

const TITLES = {
  more: "More",
  keys: "Keys",
  chain: "Why this happened",
  "what-if": "What if …",
  snapshots: "Snapshots",
  initial: "Initial conditions",
  weather: "Weather outside",
  links: "Links for others",
  audit: "Latest commands",
  scenario: "Start for a trainee",
  settings: "Settings",
} as const;

export function Dialogs() {
  const open = dialog.value;
  const element = useRef<HTMLDialogElement>(null);
  // At once, in the task that asked for it: what a dialog tells when it closes comes in a later one, when the next may be open.
  useLayoutEffect(() => {
    if (open) element.current?.showModal();
    else element.current?.close();
  }, [open]);
  return (
    <dialog
      ref={element}
      class={`dialog ${open}`}
      aria-label={open ? TITLES[open] : "closed"}
      onClose={() => element.current?.open || (dialog.value = "")}
      onClick={(event) => event.target === element.current && (dialog.value = "")}
    >
      {open ? (
        <div class="sheet" key={open}>
          <header class="panel-head">
            <h2>{TITLES[open]}</h2>
            <button class="close" aria-label="Close (Escape)" onClick={() => (dialog.value = "")}>×</button>
          </header>
          {CONTENTS[open]()}
        </div>
      ) : null}
    </dialog>
  );
}

const CONTENTS: Readonly<Record<keyof typeof TITLES, () => ComponentChildren>> = {
  more: () => <Palette />,
  keys: () => <Keys />,
  chain: () => <Chain />,
  "what-if": () => <Seldom load={async () => (await import("./station")).WhatIfForm} />,
  snapshots: () => <Seldom load={async () => (await import("./station")).Snapshots} />,
  initial: () => <Seldom load={async () => (await import("./station")).InitialConditions} />,
  weather: () => <Seldom load={async () => (await import("./station")).Weather} />,
  links: () => <Seldom load={async () => (await import("./links")).Links} />,
  audit: () => <Seldom load={async () => (await import("./audit")).Audit} />,
  scenario: () => <Seldom load={async () => (await import("./station")).ForTrainee} />,
  settings: () => <Seldom load={async () => (await import("./settings")).Settings} />,
};

/** A view whose code comes when it is first opened. */
function Seldom({ load }: { load: () => Promise<FunctionComponent> }) {
  const { found: View, waiting } = useAsked(load);
  return View ? <View /> : waiting;
}

interface Entry {
  readonly words: string;
  readonly key?: string;
  readonly right: string;
  readonly act: () => void;
}

function entries(): Entry[] {
  const opens = (name: keyof typeof TITLES) => () => (dialog.value = name);
  const starts = Object.entries(facility.value?.nodes ?? {}).flatMap(([id, device]) => {
    const fails = facility.value?.types[device.type]?.malfunctions.find((each) => each.like === "fail_to_start");
    return fails ? [{ id, kind: fails.kind }] : [];
  });
  return [
    { words: "Step 1 s", key: ".", right: "time", act: () => void step(1) },
    { words: "Step 10 s", right: "time", act: () => void step(10) },
    { words: "Snapshots …", right: "snapshot", act: opens("snapshots") },
    { words: "Initial conditions …", right: "time", act: opens("initial") },
    { words: "Weather outside …", right: "time", act: opens("weather") },
    { words: "What if …", key: "w", right: "what_if", act: opens("what-if") },
    ...starts.slice(0, 3).map(({ id, kind }) => ({
      words: `What if ${id} fails to start?`,
      right: "what_if",
      act: () => void whatIf(`${id} fails to start`, [{ node_id: id, command: "set_fault", params: { state: true, kind } }], moment.value?.t_s ?? null),
    })),
    { words: "Start for a trainee, or as an exam …", right: "exercise", act: opens("scenario") },
    { words: "Save this run as a scenario", right: "save", act: () => save("scenario") },
    { words: "Save this run as a pytest file", right: "save", act: () => save("pytest") },
    { words: "Links for trainees and projector …", right: "link", act: opens("links") },
    { words: "Latest commands, and who gave them …", right: "audit", act: opens("audit") },
    { words: "Settings: broker, interval, time zone, retention, sinks, alarms …", right: "settings", act: opens("settings") },
    { words: "Results of the class", right: "class", act: () => void window.open("/api/v1/class.csv", "_blank", "noopener") },
    { words: "Guide for instructors", right: "look", act: () => void window.open("/guide", "_blank", "noopener") },
    { words: projector.value ? "Leave projector mode" : "Projector mode: large figures", key: "p", right: "look", act: () => (projector.value = !projector.value) },
    ...(["auto", "light", "dark"] as const).map((each) => ({ words: `Look: ${each}`, right: "look", act: () => (theme.value = each) })),
    ...VIEWS.map(([name, words], index) => ({ words: `Show ${words}`, key: String(index + 1), right: "look", act: () => (view.value = name) })),
    { words: "Keys", key: "?", right: "look", act: opens("keys") },
  ];
}

function Palette() {
  const filter = useSignal("");
  const found = entries().filter((entry) => may(entry.right) && entry.words.toLowerCase().includes(filter.value.toLowerCase()));
  const run = (entry: Entry) => {
    dialog.value = "";
    entry.act();
  };
  return (
    <form
      class="palette"
      onSubmit={(event) => {
        event.preventDefault();
        if (found[0]) run(found[0]);
      }}
    >
      <input type="search" autofocus aria-label="Find a command" placeholder="Type to find, Enter runs the first" onInput={(event) => (filter.value = event.currentTarget.value)} />
      <ul>
        {found.map((entry) => (
          <li key={entry.words}>
            <button type="button" onClick={() => run(entry)}>
              <span>{entry.words}</span>
              {entry.key ? <kbd>{entry.key}</kbd> : null}
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ["Space", "freeze, run"],
  ["b", "the site goes back 30 s"],
  [".", "one step of a second"],
  ["1 … 6", "plant, screens, trends, events, facility, alarms"],
  ["a", "on the alarms: acknowledge this one; A: all"],
  ["arrows", "on the plant: go to the next device that way"],
  ["Enter", "open the device"],
  ["+ − 0", "on the plant: nearer, farther, whole"],
  ["[ ]", "on the page: look back, forward by 5 s"],
  ["n", "back to now"],
  ["w", "what if …"],
  ["m /", "everything else, by name"],
  ["p", "projector mode"],
  ["Esc", "close the panel"],
  ["?", "these keys"],
];

function Keys() {
  return (
    <table class="keys">
      <tbody>
        {KEYS.map(([key, words]) => (
          <tr key={key}>
            <th scope="row">
              <kbd>{key}</kbd>
            </th>
            <td>{words}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
