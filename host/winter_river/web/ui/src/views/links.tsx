/** Links that give a role: for the projector, for trainees, for others. */

import { useSignal } from "@preact/signals";
import { attempt } from "../acts";
import { get, post, remove, sentence } from "../api";
import { role } from "../store";
import { say } from "../ui";
import { useAsked } from "./asked";

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
  ["admin", "Admin"], // only an admin may give it
];

export function Links() {
  const made = useSignal<readonly RoleLink[]>([]); // here and now: of these alone the page knows the address
  const gone = useSignal<readonly string[]>([]);
  const name = useSignal("");
  const { found, waiting } = useAsked(() => get<readonly RoleLink[]>("/links"));
  const make = async (given: string) => {
    try {
      const fresh = await post<RoleLink>("/links", { role: given, name: name.value });
      made.value = [fresh, ...made.value];
      if (fresh.url) await copy(fresh.url);
    } catch (error) {
      say(sentence(error), true);
    }
  };
  const takeBack = (link: RoleLink) =>
    attempt(
      remove<readonly RoleLink[]>(`/links/${encodeURIComponent(link.id)}`).then(() => (gone.value = [...gone.value, link.id])),
      `The link of ${link.name} is taken back`,
    );
  const others = (found ?? []).filter((each) => !made.value.some(({ id }) => id === each.id));
  return (
    <>
      <p class="quiet">Whoever opens a link has that role until the run ends. The service checks every act.</p>
      <label class="field">
        <span>For whom</span>
        <input type="text" maxLength={40} placeholder="a name, or nothing" onInput={(event) => (name.value = event.currentTarget.value)} />
      </label>
      <div class="row wrap">
        {LINK_ROLES.filter(([each]) => each !== "admin" || role.value === "admin").map(([each, words]) => (
          <button key={each} onClick={() => make(each)}>{words}</button>
        ))}
      </div>
      <ul class="picks">
        {[...made.value, ...others].filter(({ id }) => !gone.value.includes(id)).map((each) => (
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
      {found ? null : waiting}
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
