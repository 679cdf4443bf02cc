/** Everything that is one key away: the palette, the keys, snapshots, initial conditions, what-ifs, links. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { attempt, save, start, step, whatIf } from "../acts";
import { get, post, remove, sentence } from "../api";
import { runTime } from "../format";
import { clock, facility, ids, may, moment } from "../store";
import type { InitialCondition, SnapshotInfo } from "../types";
import { dialog, projector, say, theme, view, VIEWS } from "../ui";
import { Chain } from "./events";
import { chosenScenario } from "./scenario";

const TITLES = {
  more: "More",
  keys: "Keys",
  chain: "Why this happened",
  "what-if": "What if …",
  snapshots: "Snapshots",
  initial: "Initial conditions",
  links: "Links for others",
  scenario: "Start for a trainee",
} as const;

export function Dialogs() {
  const open = dialog.value;
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) element.current?.showModal();
    else element.current?.close();
  }, [open]);
  return (
    <dialog
      ref={element}
      class={`dialog ${open}`}
      aria-label={open ? TITLES[open] : "closed"}
      onClose={() => (dialog.value = "")}
      onClick={(event) => event.target === element.current && (dialog.value = "")}
    >
      {open ? (
        <div class="sheet">
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
  "what-if": () => <WhatIfForm />,
  snapshots: () => <Snapshots />,
  initial: () => <InitialConditions />,
  links: () => <Links />,
  scenario: () => <ForTrainee />,
};

interface Entry {
  readonly words: string;
  readonly key?: string;
  readonly right: string;
  readonly act: () => void;
}

function entries(): Entry[] {
  const opens = (name: keyof typeof TITLES) => () => (dialog.value = name);
  const generators = Object.entries(facility.value?.nodes ?? {}).filter(([, device]) => device.type === "generator");
  return [
    { words: "Step 1 s", key: ".", right: "time", act: () => void step(1) },
    { words: "Step 10 s", right: "time", act: () => void step(10) },
    { words: "Snapshots …", right: "snapshot", act: opens("snapshots") },
    { words: "Initial conditions …", right: "snapshot", act: opens("initial") },
    { words: "What if …", key: "w", right: "what_if", act: opens("what-if") },
    ...generators.slice(0, 3).map(([id]) => ({
      words: `What if ${id} fails to start?`,
      right: "what_if",
      act: () => void whatIf(`${id} fails to start`, [{ node_id: id, command: "set_fault", params: { state: true, kind: "fail_to_start" } }], moment.value?.t_s ?? null),
    })),
    { words: "Start for a trainee, or as an exam …", right: "exercise", act: opens("scenario") },
    { words: "Save this run as a scenario", right: "save", act: () => save("scenario") },
    { words: "Save this run as a pytest file", right: "save", act: () => save("pytest") },
    { words: "Links for trainees and projector …", right: "link", act: opens("links") },
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
  ["1 … 5", "plant, screens, trends, events, facility"],
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

function WhatIfForm() {
  const node = useSignal(Object.entries(facility.value?.nodes ?? {}).find(([, device]) => device.type === "generator")?.[0] ?? ids.value[0] ?? "");
  const act = useSignal("");
  const type = facility.value?.types[facility.value.nodes[node.value]?.type ?? ""];
  const acts = [
    ...(type?.malfunctions ?? []).map((each) => ({ words: `malfunction: ${each.kind.replaceAll("_", " ")}`, command: "set_fault", params: { state: true, kind: each.kind } as Record<string, unknown> })),
    ...(type?.verbs ?? []).filter((verb) => !verb.params.length).map((verb) => ({ words: verb.label || verb.verb, command: verb.verb, params: {} })),
  ];
  const chosen = acts.find((each) => each.words === act.value) ?? acts.find((each) => each.words.includes("fail to start")) ?? acts[0];
  const from_s = moment.value?.t_s ?? null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen) void whatIf(`${node.value} ${chosen.words}`, [{ node_id: node.value, command: chosen.command, params: chosen.params }], from_s);
      }}
    >
      <p class="quiet">A copy of the site runs ten minutes ahead from {from_s === null ? "now" : runTime(from_s)}; the site itself is not touched.</p>
      <label class="field">
        <span>Device</span>
        <select value={node.value} onChange={(event) => (node.value = event.currentTarget.value)}>
          {ids.value.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>What happens</span>
        <select value={chosen?.words} onChange={(event) => (act.value = event.currentTarget.value)}>
          {acts.map((each) => (
            <option key={each.words}>{each.words}</option>
          ))}
        </select>
      </label>
      <button type="submit" class="go" disabled={!chosen}>Run ahead</button>
    </form>
  );
}

/** Loads a list once and shows it, or says why there is none. */
function useList<T>(path: string) {
  const found = useSignal<readonly T[] | null>(null);
  const load = () =>
    get<readonly T[]>(path)
      .then((all) => (found.value = all))
      .catch((error: unknown) => {
        found.value = [];
        say(sentence(error), true);
      });
  useEffect(() => void load(), []);
  return { found, load };
}

function Snapshots() {
  const { found, load } = useList<SnapshotInfo>("/snapshots");
  const name = useSignal("");
  return (
    <>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(post("/snapshots", { name: name.value || `at ${runTime(clock.value.t_s)}` }), "Snapshot taken").then(load);
        }}
      >
        <input type="text" maxLength={60} aria-label="Name of the snapshot" placeholder="Name" onInput={(event) => (name.value = event.currentTarget.value)} />
        <button type="submit" class="go">Take a snapshot</button>
      </form>
      <ul class="picks">
        {(found.value ?? []).slice().reverse().map((each) => (
          <li key={each.id} class={each.name ? "named" : ""}>
            <span class="t">{runTime(each.t_s)}</span>
            <span>{each.name || <span class="quiet">automatic</span>}</span>
            <button onClick={() => attempt(post(`/snapshots/${encodeURIComponent(each.id)}/restore`), `The site is back at ${runTime(each.t_s)}`).then(() => (dialog.value = ""))}>Restore</button>
          </li>
        ))}
      </ul>
    </>
  );
}

function InitialConditions() {
  const { found } = useList<InitialCondition>("/initial-conditions");
  return (
    <ul class="picks">
      {(found.value ?? []).map((each) => (
        <li key={each.id}>
          <span>{each.title || each.id}</span>
          <span class="quiet">{each.version === undefined ? "" : `version ${each.version}`}</span>
          <button onClick={() => attempt(post(`/initial-conditions/${encodeURIComponent(each.id)}/load`), `Loaded: ${each.title || each.id}`).then(() => (dialog.value = ""))}>Load</button>
        </li>
      ))}
      {found.value?.length === 0 ? <li class="quiet">There are none for this facility.</li> : null}
    </ul>
  );
}

function ForTrainee() {
  const trainee = useSignal("");
  const exam = useSignal(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start(chosenScenario.value, { exam: exam.value, trainee: trainee.value });
      }}
    >
      <p>
        Scenario: <b>{chosenScenario.value}</b>
      </p>
      <label class="field">
        <span>Trainee's name</span>
        <input type="text" maxLength={60} onInput={(event) => (trainee.value = event.currentTarget.value)} />
      </label>
      <label class="check">
        <input type="checkbox" onChange={(event) => (exam.value = event.currentTarget.checked)} /> As an exam: no hints, no freeze, no way back
      </label>
      <button type="submit" class="go" disabled={!chosenScenario.value}>Start</button>
    </form>
  );
}

interface RoleLink {
  readonly id: string;
  readonly role: string;
  readonly name: string;
  readonly url?: string; // told once, when the link is made
}

const LINK_ROLES: readonly (readonly [string, string])[] = [
  ["viewer", "Projector (viewer)"],
  ["trainee", "Trainee"],
  ["operator", "Operator"],
  ["instructor", "Instructor"],
];

function Links() {
  const made = useSignal<readonly RoleLink[]>([]);
  const name = useSignal("");
  useEffect(() => {
    void get<readonly RoleLink[]>("/links")
      .then((answer) => (made.value = answer))
      .catch((error: unknown) => say(sentence(error), true));
  }, []);
  const make = async (role: string) => {
    try {
      const fresh = await post<RoleLink>("/links", { role, name: name.value });
      made.value = [fresh, ...made.value];
      if (fresh.url) await copy(fresh.url);
    } catch (error) {
      say(sentence(error), true);
    }
  };
  const takeBack = (link: RoleLink) =>
    attempt(
      remove<readonly RoleLink[]>(`/links/${encodeURIComponent(link.id)}`).then(() => (made.value = made.value.filter((each) => each.id !== link.id))),
      `The link of ${link.name} is taken back`,
    );
  return (
    <>
      <p class="quiet">Whoever opens a link has that role until the run ends. The service checks every act.</p>
      <label class="field">
        <span>For whom</span>
        <input type="text" maxLength={40} placeholder="a name, or nothing" onInput={(event) => (name.value = event.currentTarget.value)} />
      </label>
      <div class="row wrap">
        {LINK_ROLES.map(([role, words]) => (
          <button key={role} onClick={() => make(role)}>{words}</button>
        ))}
      </div>
      <ul class="picks">
        {made.value.map((each) => (
          <li key={each.id}>
            <b>{each.name}</b>
            {each.url ? (
              <input type="text" readOnly value={each.url} aria-label={`Link for ${each.name}`} onFocus={(event) => event.currentTarget.select()} />
            ) : (
              <span class="quiet">{each.role}</span>
            )}
            {each.url ? <button class="go" onClick={() => copy(each.url ?? "")}>Copy</button> : null}
            <button onClick={() => takeBack(each)}>Take back</button>
          </li>
        ))}
      </ul>
    </>
  );
}

async function copy(url: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(url);
    say("Copied");
  } catch {
    say("Select the link and copy it with Ctrl+C");
  }
}
