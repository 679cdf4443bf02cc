/** What a device offers, as buttons, choices and sliders; what it answers is said in words. */

import { useSignal } from "@preact/signals";
import { command } from "../acts";
import { num } from "../format";
import { facility } from "../store";
import type { Device, DeviceType, Param, Verb, View } from "../types";

// Each setpoint and the field of the status that says where it stands now.
const STANDS_AT: Readonly<Record<string, string>> = { set_load: "load_set_kw", set_setpoint: "setpoint_kw", set_fans: "fans_running", set_fuel: "fuel_pct" };

export function Verbs({ id, device, type, view, verbs }: { id: string; device: Device; type: DeviceType; view: View; verbs: readonly Verb[] }) {
  const plain = verbs.filter((verb) => !asks(verb));
  const asking = verbs.filter(asks);
  return (
    <div class="operate">
      <h3>Operate</h3>
      {plain.length ? (
        <div class="row wrap">
          {plain.map((verb) => (
            <button key={verb.verb} class={verb.dangerous ? "careful" : ""} title={verb.words} onClick={() => command(id, verb.verb)}>{verb.label || verb.verb}</button>
          ))}
        </div>
      ) : null}
      {asking.map((verb) => (
        <Form key={verb.verb} id={id} device={device} type={type} view={view} verb={verb} />
      ))}
    </div>
  );
}

/** Whether a verb needs a form: it has a parameter that must be chosen. */
function asks(verb: Verb): boolean {
  return verb.params.length > 0;
}

function Form({ id, device, type, view, verb }: { id: string; device: Device; type: DeviceType; view: View; verb: Verb }) {
  const chosen = useSignal<Readonly<Record<string, unknown>>>({});
  const now = num(view, STANDS_AT[verb.verb] ?? "");
  const set = (name: string, value: unknown) => (chosen.value = { ...chosen.value, [name]: value });
  const only = verb.params.length === 1 ? verb.params[0]! : null;
  const choices = only ? choicesOf(verb.verb, only, type) : null;
  if (only && choices) {
    return (
      <div class="field" role="group" aria-label={verb.label || verb.verb}>
        <span>{verb.label || verb.verb}</span>
        <div class="row wrap">
          {choices.map((choice) => (
            <button
              key={String(choice)}
              class={verb.dangerous ? "careful" : ""}
              aria-pressed={choice === view.handle || choice === view.source_set}
              onClick={() => command(id, verb.verb, { [only.name]: choice })}
            >
              {choice === true ? "on" : choice === false ? "off" : String(choice)}
            </button>
          ))}
        </div>
      </div>
    );
  }
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        const params: Record<string, unknown> = {};
        for (const param of verb.params) {
          const value = chosen.value[param.name] ?? (isNumber(param) ? now : undefined);
          if (value !== undefined && value !== null && value !== "") params[param.name] = value;
        }
        void command(id, verb.verb, params);
      }}
    >
      <span>{verb.label || verb.verb}</span>
      {verb.params.map((param) => (
        <Input key={param.name} verb={verb.verb} param={param} device={device} type={type} value={chosen.value[param.name] ?? (isNumber(param) ? now : "")} set={(value) => set(param.name, value)} />
      ))}
      <button type="submit" class={verb.dangerous ? "careful" : ""}>Set</button>
    </form>
  );
}

function Input({ verb, param, device, type, value, set }: { verb: string; param: Param; device: Device; type: DeviceType; value: unknown; set: (value: unknown) => void }) {
  const unit = facility.value?.fields[param.name]?.unit || param.unit || "";
  const choices = choicesOf(verb, param, type);
  if (choices) {
    return (
      <select aria-label={param.name} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">{param.name} …</option>
        {choices.map((choice) => (
          <option key={String(choice)}>{String(choice)}</option>
        ))}
      </select>
    );
  }
  if (!isNumber(param)) {
    return <input type="text" aria-label={param.name} placeholder={param.name} onInput={(event) => set(event.currentTarget.value)} />;
  }
  const high = highest(verb, param, device);
  const low = lowest(verb, param, device);
  const number = typeof value === "number" ? value : low;
  const step = param.form === "integer" ? 1 : Math.max(0.1, Number(((high - low) / 200).toPrecision(1)));
  return (
    <span class="slider">
      <input type="range" aria-label={`${param.name} ${unit}`} min={low} max={high} step={step} value={number} onInput={(event) => set(event.currentTarget.valueAsNumber)} />
      <input
        type="number"
        aria-label={`${param.name} in ${unit || "figures"}`}
        min={low}
        max={high}
        step="any"
        value={Math.round(number * 100) / 100}
        onInput={(event) => Number.isFinite(event.currentTarget.valueAsNumber) && set(event.currentTarget.valueAsNumber)}
      />
      {unit}
    </span>
  );
}

function isNumber(param: Param): boolean {
  return param.form === "number" || param.form === "integer";
}

function choicesOf(verb: string, param: Param, type: DeviceType): readonly (string | boolean)[] | null {
  if (param.choices?.length) return param.choices;
  if (param.form === "flag") return [true, false];
  if (verb === "set_handle" && type.handles.length) return type.handles;
  return null;
}

/** Below nothing only where this device can give what it takes: a storage. */
function lowest(verb: string, param: Param, device: Device): number {
  return verb === "set_setpoint" ? -(device.ratings.discharge_kw_max ?? 0) : (param.low ?? 0);
}

/** A slider goes as far as this device can, not as far as the contract allows. */
function highest(verb: string, param: Param, device: Device): number {
  const own = verb === "set_setpoint" ? (device.ratings.charge_kw_max ?? (device.ratings.inverter_kw || device.ratings.peak_kw)) : device.ratings[`${verb}_kw_max`];
  const rated = own ?? device.ratings[`${param.name.replace("power_kw", "load_kw")}_max`] ?? device.ratings[`${param.name}_max`];
  if (typeof rated === "number") return rated;
  const fans = param.name === "running" ? device.ratings.fans : null;
  return typeof fans === "number" ? fans : (param.high ?? 100);
}
