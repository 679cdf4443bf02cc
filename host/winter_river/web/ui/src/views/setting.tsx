/** The input of one setting, by its form. */

import type { Edits, Setting } from "./settings";

const DURATIONS = ["1d", "7d", "30d", "365d"];

export function Input({ id, field, edits }: { id: string; field: Setting; edits: Edits }) {
  const { name, form } = field;
  const value = edits.values.value[name] ?? field.waits ?? field.value;
  const set = (fresh: string | number | boolean) => {
    const rest = { ...edits.values.value };
    if (fresh === (field.waits ?? field.value)) delete rest[name];
    else rest[name] = fresh;
    edits.values.value = rest;
  };
  const shared = { id, "aria-describedby": `${id}-help` };
  if (form === "secret") return <Secret id={id} field={field} edits={edits} />;
  if (form === "flag") return <input {...shared} type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />;
  if (form === "choice") {
    return (
      <select {...shared} value={String(value)} onChange={(event) => set(event.currentTarget.value)}>
        {field.choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  if (form === "whole") {
    return (
      <input {...shared} type="number" required min={field.low ?? 0} max={field.high ?? undefined} step={1} value={Number(value)} onInput={(event) => Number.isFinite(event.currentTarget.valueAsNumber) && set(event.currentTarget.valueAsNumber)} />
    );
  }
  const known = suggestions(field);
  return (
    <>
      <input
        {...shared}
        type="text"
        value={String(value)}
        maxLength={500}
        spellcheck={false}
        autocomplete="off"
        list={known.length ? `${id}-known` : undefined}
        pattern={form === "duration" ? "\\d{1,6}(\\.\\d{1,3})?[smhd]" : undefined}
        title={form === "duration" ? "a duration such as 90m, 12h, 7d" : undefined}
        placeholder={form === "url" || form === "path" ? "none" : form === "timezone" ? "this machine's" : ""}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {known.length ? (
        <datalist id={`${id}-known`}>
          {known.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      ) : null}
    </>
  );
}

function suggestions(field: Setting): readonly string[] {
  if (field.form === "timezone") return ["UTC", ...Intl.supportedValuesOf("timeZone")];
  return field.form === "duration" ? DURATIONS : field.choices;
}

/** A secret goes in and never comes out: the service keeps it in a file that nobody else can read. */
function Secret({ id, field, edits }: { id: string; field: Setting; edits: Edits }) {
  const { name } = field;
  const typed = edits.secrets.value[name] ?? "";
  const set = (secret: string) => {
    const rest = { ...edits.secrets.value };
    if (secret) rest[name] = secret;
    else delete rest[name];
    edits.secrets.value = rest;
  };
  const forgets = edits.values.value[name] === "";
  return (
    <>
      <input id={id} aria-describedby={`${id}-help`} type="password" autocomplete="new-password" value={typed} placeholder={field.value && !forgets ? "set; type another one" : "none; type one"} onInput={(event) => set(event.currentTarget.value)} />
      {field.value ? (
        <button type="button" aria-pressed={forgets} onClick={() => (edits.values.value = forgets ? without(edits.values.value, name) : { ...edits.values.value, [name]: "" })}>Forget it</button>
      ) : null}
    </>
  );
}

function without<T>(row: Readonly<Record<string, T>>, name: string): Readonly<Record<string, T>> {
  const rest = { ...row };
  delete rest[name];
  return rest;
}
