/** What the reader has chosen on this page: which view, which device, how it looks. Kept in this browser only. */

import { effect, signal, type Signal } from "@preact/signals";

type ViewName = "plant" | "screens" | "trends" | "events" | "alarms" | "facility";
export const VIEWS: readonly (readonly [ViewName, string])[] = [
  ["plant", "Plant"],
  ["screens", "Screens"],
  ["trends", "Trends"],
  ["events", "Events"],
  ["facility", "Facility"],
  ["alarms", "Alarms"],
];

export const view = signal<ViewName>("plant");
export const selected = signal<string | null>(null);
export const dialog = signal<"" | "more" | "keys" | "chain" | "what-if" | "snapshots" | "initial" | "weather" | "links" | "audit" | "scenario" | "settings">("");

/** What closes the dialog that is open now, once what it asked for is done: another may have been opened by then. */
export function closing(): () => void {
  const open = dialog.value;
  return () => {
    if (dialog.value === open) dialog.value = "";
  };
}

/** The event whose chain of causes is shown. */
export const chainOf = signal(0);

export const theme = kept<"auto" | "light" | "dark">("theme", "auto");
export const projector = kept<boolean>("projector", false);

/** What was said last: to the eyes in a line, to screen readers through the live region. */
export const notice = signal<{ readonly text: string; readonly bad: boolean; readonly count: number }>({ text: "", bad: false, count: 0 });

export function say(text: string, bad = false): void {
  notice.value = { text, bad, count: notice.value.count + 1 };
}

export function select(id: string | null): void {
  selected.value = id;
}

/** A signal that survives a reload, where the browser lets it. */
export function kept<T>(name: string, first: T): Signal<T> {
  const key = `winter-river.${name}`;
  let value = first;
  try {
    const text = localStorage.getItem(key);
    if (text !== null) value = JSON.parse(text) as T;
  } catch {
    // A browser without storage forgets; nothing else changes.
  }
  const made = signal(value);
  effect(() => {
    try {
      localStorage.setItem(key, JSON.stringify(made.value));
    } catch {
      // As above.
    }
  });
  return made;
}

export function applyLook(): void {
  effect(() => {
    const root = document.documentElement;
    root.dataset.theme = theme.value;
    root.classList.toggle("projector", projector.value);
  });
}
