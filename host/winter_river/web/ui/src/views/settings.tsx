/** The settings of the run, as a form made of what the service says of each: form, limits, unit, help, when it acts. */

import { useSignal, type Signal } from "@preact/signals";
import { get, post, Refusal, sentence } from "../api";
import { ids } from "../store";
import { command } from "../acts";
import { moment as momentOf } from "../history";
import { say } from "../ui";
import { useAsked } from "./asked";
import { Input } from "./setting";

type SettingValue = string | number | boolean;

export interface Setting {
  readonly name: string;
  readonly title: string;
  readonly group: string;
  readonly form: string;
  readonly words: string;
  readonly value: SettingValue;
  readonly choices: readonly string[];
  readonly low: number | null;
  readonly high: number | null;
  readonly unit: string;
  readonly live: boolean;
  readonly restart: string;
  readonly waits: SettingValue | null;
  readonly beaten_by: string;
}

interface Facts {
  readonly tag: string;
  readonly file: string;
  readonly groups: readonly string[];
  readonly fields: readonly Setting[];
  readonly last: { readonly by: string; readonly unix_s: number; readonly names: readonly string[] } | null;
}

interface Changed {
  readonly waits: readonly string[];
  readonly beaten: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly settings: Facts;
}

export interface Edits {
  readonly values: Signal<Readonly<Record<string, SettingValue>>>;
  readonly secrets: Signal<Readonly<Record<string, string>>>;
}

export function Settings() {
  const { found: facts, load: look, waiting, take } = useAsked(() => get<Facts>("/settings"));
  const edits: Edits = { values: useSignal({}), secrets: useSignal({}) };
  const told = useSignal<{ readonly lines: readonly string[]; readonly bad: boolean }>({ lines: [], bad: false });
  const busy = useSignal(false);
  if (!facts) return waiting;
  const count = Object.keys(edits.values.value).length + Object.keys(edits.secrets.value).length;
  const forget = () => {
    edits.values.value = {};
    edits.secrets.value = {};
  };
  const apply = async () => {
    busy.value = true;
    try {
      const changed = await post<Changed>("/settings", { tag: facts.tag, values: edits.values.value, secrets: edits.secrets.value });
      take(changed.settings);
      forget();
      const waits = changed.waits.length ? [`${changed.waits.join(", ")}: written, and holds from the next start on`] : [];
      const beaten = Object.entries(changed.beaten).map(([name, place]) => `${name}: at the next start ${place} beats the file`);
      told.value = { lines: [...(changed.notes.length || waits.length ? changed.notes : ["It holds now"]), ...waits, ...beaten], bad: false };
      say("The settings are changed");
    } catch (error) {
      told.value = { lines: [sentence(error)], bad: true };
      // Somebody else was quicker: what he changed is shown, and what was typed here is kept to be looked at again.
      if (error instanceof Refusal && error.status === 412) await look();
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      class="settings"
      onSubmit={(event) => {
        event.preventDefault();
        void apply();
      }}
    >
      <p class="quiet">
        What is changed here holds at once, and is written into <code>{facts.file}</code>. {lastWords(facts)}
      </p>
      {facts.groups.map((group) => (
        <Group key={group} title={group} fields={facts.fields.filter((field) => field.group === group)} edits={edits} />
      ))}
      <footer class="apply">
        <div role="status" class={told.value.bad ? "bad" : "good"}>
          {told.value.lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </div>
        <div class="row">
          <button type="submit" class="go" disabled={!count || busy.value}>{busy.value ? "Changing …" : count ? `Change ${count === 1 ? "one setting" : `${count} settings`}` : "Nothing changed"}</button>
          <button type="button" disabled={!count || busy.value} onClick={forget}>Undo</button>
        </div>
      </footer>
    </form>
  );
}

function lastWords({ last }: Facts): string {
  return last ? `Last change: ${last.names.join(", ")} by ${last.by || "somebody"} at ${momentOf(last.unix_s, "second")}.` : "";
}

function Group({ title, fields, edits }: { title: string; fields: readonly Setting[]; edits: Edits }) {
  const [live, later] = [fields.filter((field) => field.live), fields.filter((field) => !field.live)];
  const waiting = later.filter((field) => field.waits !== null).length;
  return (
    <fieldset>
      <legend>{title}</legend>
      {live.map((field) => (
        <Row key={field.name} field={field} edits={edits} />
      ))}
      {title === "Nodes" ? <OneNode /> : null}
      {later.length ? (
        <details>
          <summary>
            {later.length === 1 ? "One more needs a restart" : `${later.length}${live.length ? " more" : ""} need a restart`}
            {waiting ? <b>, {waiting} of them changed</b> : null}
          </summary>
          {later.map((field) => (
            <Row key={field.name} field={field} edits={edits} />
          ))}
        </details>
      ) : null}
    </fieldset>
  );
}

function Row({ field, edits }: { field: Setting; edits: Edits }) {
  const changed = field.name in edits.values.value || field.name in edits.secrets.value;
  const id = `setting-${field.name}`;
  return (
    <div class={`setting ${changed ? "changed" : ""}`}>
      <label for={id}>{field.title}</label>
      <span class="row">
        <Input id={id} field={field} edits={edits} />
        {field.unit}
        {/* A file that somebody has mended is read anew by setting it again. */}
        {field.name === "alarms" && field.value && !changed ? (
          <button type="button" onClick={() => (edits.values.value = { ...edits.values.value, alarms: field.value })}>Read again</button>
        ) : null}
      </span>
      <small id={`${id}-help`}>
        {field.words}
        {field.live ? null : <b> Needs a restart: {field.restart}.</b>}
        {field.waits === null ? null : <b> Written for the next start: {String(field.waits)}.</b>}
        {field.beaten_by ? ` Comes from ${field.beaten_by}, which beats the file at the next start.` : null}
      </small>
    </div>
  );
}

/** The interval of one node alone: its own command, as at its panel. */
function OneNode() {
  const chosen = useSignal("");
  const seconds = useSignal(5);
  return (
    <div class="setting">
      <label for="one-node">One node alone</label>
      <span class="row">
        <select id="one-node" onChange={(event) => (chosen.value = event.currentTarget.value)}>
          <option value="">which …</option>
          {ids.value.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
        <input type="number" aria-label="seconds between two reports" min={1} max={5} value={seconds.value} onInput={(event) => (seconds.value = event.currentTarget.valueAsNumber)} />
        s
        <button type="button" disabled={!chosen.value} onClick={() => void command(chosen.value, "config", { status_s: seconds.value })}>Tell it</button>
      </span>
      <small>It reports that often, until its next start or until all are told otherwise.</small>
    </div>
  );
}
