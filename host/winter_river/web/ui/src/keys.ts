/** The keys of the whole page; those of the plant are with the plant. */

import { back, freezeOrRun, step } from "./acts";
import { lookAt, lookNow, wanted } from "./past";
import { clock, may } from "./store";
import { dialog, projector, select, selected, view, VIEWS } from "./ui";

const LOOK_S = 5;

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if ((event.ctrlKey || event.metaKey) && event.key === "k") {
        event.preventDefault();
        dialog.value = "more";
      }
      return;
    }
    if (dialog.value || isTyping(event.target)) return;
    const act = actOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function actOf(event: KeyboardEvent): (() => unknown) | null {
  const at = wanted.value ?? clock.value.t_s;
  const number = Number(event.key);
  if (number >= 1 && number <= VIEWS.length) return () => (view.value = VIEWS[number - 1]![0]);
  const acts: Readonly<Record<string, (() => unknown) | false>> = {
    " ": may("time") && !isPressed(event.target) && freezeOrRun,
    b: may("time") && (() => back(30)),
    ".": may("time") && (() => step(1)),
    w: may("what_if") && (() => (dialog.value = "what-if")),
    m: () => (dialog.value = "more"),
    "/": () => (dialog.value = "more"),
    "?": () => (dialog.value = "keys"),
    n: lookNow,
    "[": () => lookAt(at - LOOK_S),
    "]": () => lookAt(at + LOOK_S),
    p: () => (projector.value = !projector.value),
    Escape: selected.value ? () => select(null) : lookNow,
  };
  return acts[event.key] || null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement ? target.type !== "range" : target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Space presses what has the focus. */
function isPressed(target: EventTarget | null): boolean {
  return target instanceof HTMLButtonElement || (target instanceof Element && (target.closest("summary, g[data-node], [role=slider]") !== null));
}
