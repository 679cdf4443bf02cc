/** The site as a whole: what it takes in, what becomes of it, and how long it lasts. Only what the engine computed. */

import { figure, label, num, power, duration } from "../format";
import { facility, ids, shown, shownBalance, stateLike } from "../store";
import type { View } from "../types";

// Shown large, in this order, where the engine has them.
const LARGE: readonly (readonly [string, string])[] = [
  ["source_kw", "From sources"],
  ["it_kw", "To servers"],
  ["cooling_kw", "To cooling"],
  ["storage_kw", "Into batteries"],
  ["pue", "PUE"],
  ["served_pct", "Served so far"],
  ["cold_aisle_c", "Cold aisle"],
  ["hot_aisle_c", "Hot aisle"],
  ["outdoor_c", "Outside"],
  ["fans_running", "Fans running"],
];
const AIR_C_MAX = 60; // chosen: no rack runs in hotter air, so a full gauge is the end
const MACHINERY = new Set(["v", "seq", "ts", "tick", "lag_ms", "step_ms", "speed", "frozen", "seed", "timeline", "boot", "t_s"]);

export function FacilityView() {
  const now = shownBalance.value;
  const site = facility.value;
  const large = LARGE.filter(([name]) => num(now, name) !== null);
  const listed = Object.entries(now).filter(([name, value]) => typeof value === "number" && !MACHINERY.has(name) && !LARGE.some(([known]) => known === name));
  return (
    <section class="facility" aria-label="Facility">
      <dl class="large">
        {large.map(([name, words]) => (
          <div key={name} title={site?.fields[name]?.words}>
            <dt>{words}</dt>
            <dd>{figure(site, name, now[name])}</dd>
          </div>
        ))}
      </dl>
      <Balance now={now} />
      <Levels title="Fuel" part="generator" field="fuel_pct" />
      <Levels title="Batteries" field="soc_pct" more="runtime_s" />
      <Levels title="Air into the racks" field="inlet_c" />
      {listed.length ? (
        <table class="figures">
          <caption>Everything else</caption>
          <tbody>
            {listed.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{site?.fields[name]?.words || label(name)}</th>
                <td>{figure(site, name, value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </section>
  );
}

/** Where the power comes from and where it goes, as two bars of one length. */
function Balance({ now }: { now: View }) {
  const part = (name: string, words: string) => ({ name, words, kw: Math.max(0, num(now, name) ?? 0) });
  const storage = num(now, "storage_kw") ?? 0; // negative while the batteries feed the site
  const comes = [part("source_kw", "sources"), { name: "from", words: "batteries", kw: Math.max(0, -storage) }];
  const goes = [part("it_kw", "servers"), part("cooling_kw", "cooling"), part("loss_kw", "losses"), { name: "into", words: "charging", kw: Math.max(0, storage) }, { name: "back", words: "to the grid", kw: Math.max(0, -(num(now, "source_kw") ?? 0)) }];
  const sum = Math.max(...[comes, goes].map((parts) => parts.reduce((total, each) => total + each.kw, 0)), 1e-9);
  const bar = (title: string, parts: typeof comes) => (
    <div class="balance-row">
      <span>{title}</span>
      <div class="stack">
        {parts
          .filter((each) => each.kw / sum > 0.001)
          .map((each) => (
            <div key={each.name} class={`share ${each.name}`} style={{ width: `${((100 * each.kw) / sum).toFixed(2)}%` }} title={`${each.words} ${power(each.kw)}`}>
              <span>
                {each.words} {power(each.kw)}
              </span>
            </div>
          ))}
      </div>
    </div>
  );
  return (
    <div class="balance">
      <h3>Energy balance</h3>
      {bar("comes", comes)}
      {bar("goes", goes)}
    </div>
  );
}

/** One bar for each device that has the field. */
function Levels(props: { title: string; field: string; part?: string; more?: string }) {
  const site = facility.value;
  const having = ids.value.filter((id) => num(shown(id).value, props.field) !== null && (!props.part || site?.nodes[id]?.part === props.part));
  if (!having.length) return null;
  const top = props.field.endsWith("_pct") ? 100 : AIR_C_MAX;
  return (
    <div class="levels">
      <h3>{props.title}</h3>
      {having.slice(0, 60).map((id) => {
        const view = shown(id).value;
        const value = num(view, props.field) ?? 0;
        const left = props.more ? num(view, props.more) : null;
        return (
          <div class="level" key={id}>
            <span class="name">{id}</span>
            <span class="gauge">
              <span style={{ width: `${Math.min(100, (100 * value) / top).toFixed(1)}%` }} />
            </span>
            <span class="t">{figure(site, props.field, value)}</span>
            <span class="quiet t">{left !== null && stateLike(id, view.state) === "ON_BATTERY" ? `${duration(left)} left` : ""}</span>
          </div>
        );
      })}
    </div>
  );
}
