/** What a view asks of the service: until it is there the view says so, or why it is not, with a way to try again. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { sentence } from "../api";
import { say } from "../ui";

/** found: the answer, null until there is one. load: asks anew; of several answers the one asked for last counts. */
export function useAsked<T>(ask: () => Promise<T>) {
  const found = useSignal<{ readonly value: T } | null>(null);
  const fault = useSignal("");
  const asked = useRef(0);
  const load = async () => {
    const mine = (asked.current += 1);
    fault.value = "";
    try {
      const value = await ask();
      if (mine === asked.current) found.value = { value };
    } catch (error) {
      fault.value = sentence(error);
      say(fault.value, true);
    }
  };
  useEffect(() => void load(), []);
  const waiting = (
    <p class="quiet">
      {fault.value || "One moment …"} {fault.value ? <button type="button" onClick={load}>Try again</button> : null}
    </p>
  );
  return { found: found.value?.value, load, waiting, take: (value: T) => (found.value = { value }) };
}
