/** Breaking a device: which malfunction, how badly, how slowly, how late; for real, or as a what-if. */

import { useSignal } from "@preact/signals";
import { command, whatIf } from "../acts";
import { may } from "../store";
import type { DeviceType, View } from "../types";
import { stateWord } from "../format";

const RAMP_S_MAX = 600;
const DELAY_S_MAX = 600;

export function Malfunctions({ id, type, view }: { id: string; type: DeviceType; view: View }) {
  const kind = useSignal(type.malfunctions[0]?.kind ?? "");
  const severity = useSignal<number | null>(null);
  const ramp_s = useSignal(0);
  const delay_s = useSignal(0);
  const chosen = type.malfunctions.find((each) => each.kind === kind.value);
  const hasSeverity = typeof chosen?.severity_default === "number";
  const params = () => {
    const made: Record<string, unknown> = { state: true, kind: kind.value };
    if (hasSeverity) made.severity = severity.value ?? chosen?.severity_default;
    if (ramp_s.value > 0) made.ramp_s = ramp_s.value;
    if (delay_s.value > 0) made.delay_s = delay_s.value;
    return made;
  };
  return (
    <details class="malfunctions" open>
      <summary>Malfunctions</summary>
      {view.fault ? (
        <p class="row">
          <span>
            Injected: <b>{String(view.fault)}</b>
          </span>
          <button onClick={() => command(id, "set_fault", { state: false })}>Mend all</button>
        </p>
      ) : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void command(id, "set_fault", params());
        }}
      >
        <label class="field">
          <span>Which</span>
          <select value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value)}>
            {type.malfunctions.map((each) => (
              <option key={each.kind} value={each.kind}>{stateWord(each.kind)}</option>
            ))}
          </select>
        </label>
        <p class="quiet">
          {chosen?.words}
          {chosen?.full ? ` 100 % is: ${chosen.full}.` : ""}
          {chosen ? ` It acts ${chosen.acts}.` : ""}
        </p>
        {hasSeverity ? (
          <label class="field">
            <span>Severity {Math.round((severity.value ?? chosen?.severity_default ?? 0) * 100)} %</span>
            <input type="range" min="0" max="1" step="0.01" value={severity.value ?? chosen?.severity_default ?? 0} onInput={(event) => (severity.value = event.currentTarget.valueAsNumber)} />
          </label>
        ) : null}
        <details class="finer">
          <summary>Ramp and delay</summary>
          <Seconds label="Ramp" value={ramp_s.value} max={RAMP_S_MAX} set={(value) => (ramp_s.value = value)} />
          <Seconds label="Delay" value={delay_s.value} max={DELAY_S_MAX} set={(value) => (delay_s.value = value)} />
        </details>
        <div class="row">
          <button type="submit" class="careful">Break it</button>
          {may("what_if") ? (
            <button type="button" onClick={() => whatIf(`${id} ${kind.value}`, [{ node_id: id, command: "set_fault", params: params() }], null)}>What if …</button>
          ) : null}
        </div>
      </form>
    </details>
  );
}

function Seconds(props: { label: string; value: number; max: number; set: (value: number) => void }) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <span class="slider">
        <input type="number" min="0" max={props.max} step="1" value={props.value} onInput={(event) => props.set(Math.max(0, event.currentTarget.valueAsNumber || 0))} /> s
      </span>
    </label>
  );
}
