/** The latest commands, from every door: who asked what, and what became of it. */

import { get } from "../api";
import { moment as momentOf } from "../history";
import { useAsked } from "./asked";

interface Row {
  readonly id: string;
  readonly node: string;
  readonly verb: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly door: string;
  readonly state: string;
  readonly created_s: number;
  readonly error: string;
}

export function Audit() {
  const { found, waiting } = useAsked(() => get<{ commands: readonly Row[] }>("/audit?last=50"));
  if (!found) return waiting;
  const rows = found.commands;
  return (
    <>
      <p class="quiet">Every command is written down before it goes out; <code>winter-river audit</code> has them all.</p>
      {rows.length ? null : <p>None so far.</p>}
      <ul class="picks audit">
        {rows.map((row) => (
          <li key={row.id}>
            <time>{momentOf(row.created_s, "second")}</time>
            <span>
              <b>{row.node}</b> {row.verb.replace("_", " ")} {Object.entries(row.params).map(([name, value]) => `${name}=${String(value)}`).join(" ")}
              <br />
              <small class="quiet">{row.by || "?"}, {row.door}</small>
            </span>
            <span class={row.state === "failed" ? "failed" : "quiet"} title={row.state}>{row.state === "failed" ? `failed: ${row.error}` : row.state}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
