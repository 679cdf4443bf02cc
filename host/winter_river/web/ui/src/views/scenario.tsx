/** Choosing a scenario: the first of the six controls. */

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { AGAIN_MS, get } from "../api";
import type { ScenarioInfo } from "../types";

const scenarios = signal<readonly ScenarioInfo[] | null>(null);
export const chosenScenario = signal("");

async function loadScenarios(): Promise<void> {
  if (scenarios.value) return;
  try {
    scenarios.value = await get<readonly ScenarioInfo[]>("/scenarios");
    const fitting = scenarios.value.filter((each) => each.fits);
    chosenScenario.value ||= (fitting.find((each) => each.name.includes("tour")) ?? fitting[0])?.name ?? "";
  } catch {
    setTimeout(() => void loadScenarios(), AGAIN_MS); // the rest works meanwhile
  }
}

export function Scenario() {
  useEffect(() => void loadScenarios(), []);
  return (
    <select class="scenario" aria-label="Scenario" value={chosenScenario.value} onChange={(event) => (chosenScenario.value = event.currentTarget.value)}>
      {chosenScenario.value ? null : <option value="">{scenarios.value ? (scenarios.value.length ? "none fits this site" : "no scenarios") : "one moment …"}</option>}
      {scenarios.value?.map((each) => (
        <option key={each.name} value={each.name} disabled={!each.fits} title={each.fits ? each.about : each.why_not}>{each.title || each.name}</option>
      ))}
    </select>
  );
}
