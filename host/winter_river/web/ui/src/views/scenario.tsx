/** Choosing a scenario: the first of the six controls. */

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { list } from "../acts";
import type { ScenarioInfo } from "../types";

export const scenarios = signal<readonly ScenarioInfo[]>([]);
export const chosenScenario = signal("");

export async function loadScenarios(): Promise<void> {
  if (scenarios.value.length) return;
  try {
    const found = await list<ScenarioInfo | string>("/scenarios", "scenarios");
    scenarios.value = found.map((each) => (typeof each === "string" ? { name: each } : each));
    chosenScenario.value ||= scenarios.value.find((each) => each.name.includes("tour"))?.name ?? scenarios.value[0]?.name ?? "";
  } catch {
    // Without scenarios the list stays empty; the rest works.
  }
}

export function Scenario() {
  useEffect(() => void loadScenarios(), []);
  return (
    <select class="scenario" aria-label="Scenario" value={chosenScenario.value} onChange={(event) => (chosenScenario.value = event.currentTarget.value)}>
      {scenarios.value.length ? null : <option value="">no scenarios</option>}
      {scenarios.value.map((each) => (
        <option key={each.name} value={each.name}>{each.title || each.name}</option>
      ))}
    </select>
  );
}
