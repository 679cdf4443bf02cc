/** The instructor's station beyond the six controls: what-ifs, snapshots, initial conditions, the weather, starting for a trainee. */

import { useSignal } from "@preact/signals";
import { attempt, command, start, whatIf } from "../acts";
import { get, post } from "../api";
import { runTime } from "../format";
import { clock, facility, ids, may, moment } from "../store";
import type { InitialCondition, SnapshotInfo } from "../types";
import { closing } from "../ui";
import { useAsked } from "./asked";
import { chosenScenario } from "./scenario";

export function WhatIfForm() {
  const node = useSignal(Object.entries(facility.value?.nodes ?? {}).find(([, device]) => device.part === "generator")?.[0] ?? ids.value[0] ?? "");
  const act = useSignal("");
  const type = facility.value?.types[facility.value.nodes[node.value]?.type ?? ""];
  const acts = [
    ...(type?.malfunctions ?? []).map((each) => ({ words: `malfunction: ${each.kind.replaceAll("_", " ")}`, command: "set_fault", params: { state: true, kind: each.kind } as Record<string, unknown>, like: each.like })),
    ...(type?.verbs ?? []).filter((verb) => !verb.params.length).map((verb) => ({ words: verb.label || verb.verb, command: verb.verb, params: {}, like: "" })),
  ];
  const chosen = acts.find((each) => each.words === act.value) ?? acts.find((each) => each.like === "fail_to_start") ?? acts[0];
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

export function Snapshots() {
  const { found, load, waiting } = useAsked(() => get<readonly SnapshotInfo[]>("/snapshots"));
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
        {(found ?? []).slice().reverse().map((each) => (
          <li key={each.id} class={each.name ? "named" : ""}>
            <span class="t">{runTime(each.t_s)}</span>
            <span>{each.name || <span class="quiet">automatic</span>}</span>
            {may("time") ? (
              <button onClick={() => attempt(post(`/snapshots/${encodeURIComponent(each.id)}/restore`), `The site is back at ${runTime(each.t_s)}`).then(closing())}>Restore</button>
            ) : null}
          </li>
        ))}
      </ul>
      {found ? null : waiting}
    </>
  );
}

export function InitialConditions() {
  const { found, waiting } = useAsked(() => get<readonly InitialCondition[]>("/initial-conditions"));
  if (!found) return waiting;
  return (
    <ul class="picks">
      {found.map((each) => (
        <li key={each.id}>
          <span>{each.title || each.id}</span>
          <span class="quiet">{each.version === undefined ? "" : `version ${each.version}`}</span>
          <button onClick={() => attempt(post(`/initial-conditions/${encodeURIComponent(each.id)}/load`), `Loaded: ${each.title || each.id}`).then(closing())}>Load</button>
        </li>
      ))}
      {found.length === 0 ? <li class="quiet">There are none for this facility.</li> : null}
    </ul>
  );
}

export function Weather() {
  const outdoor_c = useSignal("");
  const humidity_pct = useSignal("");
  const set = (params: Record<string, unknown>) => {
    const close = closing();
    return command("weather", "set_weather", params).then((done) => done && close());
  };
  const own = Object.fromEntries(Object.entries({ outdoor_c: outdoor_c.value, humidity_pct: humidity_pct.value }).filter(([, text]) => text !== "").map(([name, text]) => [name, Number(text)]));
  return (
    <>
      <ul class="picks">
        {(facility.value?.weathers ?? []).map((name, index) => (
          <li key={name}>
            <span>{name.charAt(0).toUpperCase() + name.slice(1)}</span>
            <span class="quiet">preset {index + 1}</span>
            <button onClick={() => set({ preset: index + 1 })}>Set</button>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void set(own);
        }}
      >
        <label class="field">
          <span>Temperature, °C</span>
          <input type="number" min={-60} max={60} step={0.1} onInput={(event) => (outdoor_c.value = event.currentTarget.value)} />
        </label>
        <label class="field">
          <span>Relative humidity, %</span>
          <input type="number" min={1} max={100} step={0.1} onInput={(event) => (humidity_pct.value = event.currentTarget.value)} />
        </label>
        <button type="submit" class="go" disabled={!Object.keys(own).length}>Set these</button>
      </form>
    </>
  );
}

export function ForTrainee() {
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
