/** The one-line diagram: painted live, zoomed and panned, and every device reached by mouse, finger or keyboard. */

import { useEffect, useRef } from "preact/hooks";
import { getText } from "../api";
import { adopt, paint } from "../painter";
import { ids } from "../store";
import { select, selected } from "../ui";
import { Viewport } from "../viewport";
import { useAsked } from "./asked";

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function Plant() {
  const holder = useRef<HTMLDivElement>(null);
  const viewport = useRef<Viewport | null>(null);
  const { found: svg, waiting } = useAsked(async () => adopt(await getText("/diagram.svg")));

  useEffect(() => {
    if (!svg) return undefined;
    svg.setAttribute("aria-label", `One-line diagram of ${ids.value.length} devices. Arrow keys move, Enter opens.`);
    svg.setAttribute("role", "group");
    holder.current?.replaceChildren(svg);
    viewport.current = new Viewport(svg);
    roam(svg, viewport.current);
    return paint(svg);
  }, [svg]);

  return (
    <section class="plant" aria-label="Plant">
      <div class="drawing" ref={holder}>
        {svg ? null : waiting}
      </div>
      <div class="zoom" role="group" aria-label="Zoom">
        <button title="Nearer (+)" aria-label="Nearer" onClick={() => viewport.current?.zoom(1.4)}>+</button>
        <button title="Farther (−)" aria-label="Farther" onClick={() => viewport.current?.zoom(1 / 1.4)}>−</button>
        <button title="Whole plant (0)" aria-label="Whole plant" onClick={() => viewport.current?.fit()}>▢</button>
      </div>
    </section>
  );
}

/** One device at a time is in the tab order; arrows go to the nearest one that way. */
function roam(svg: SVGSVGElement, viewport: Viewport): void {
  const groups = Array.from(svg.querySelectorAll<SVGGElement>("g[data-node]"));
  groups.forEach((group, index) => group.setAttribute("tabindex", index === 0 ? "0" : "-1"));
  const choose = (target: EventTarget | null) => {
    const group = (target as Element | null)?.closest?.("g[data-node]");
    if (group) select(group.getAttribute("data-node"));
    return group !== null && group !== undefined;
  };
  svg.addEventListener("click", (event) => {
    if (!choose(event.target)) select(null);
  });
  svg.addEventListener("focusin", (event) => {
    const focused = (event.target as Element).closest<SVGGElement>("g[data-node]");
    if (!focused) return;
    for (const group of groups) group.setAttribute("tabindex", group === focused ? "0" : "-1");
    if (focused.matches(":focus-visible")) viewport.reveal(focused);
  });
  svg.addEventListener("keydown", (event) => {
    const zoom = { "+": 1.4, "=": 1.4, "-": 1 / 1.4 }[event.key];
    if (zoom) viewport.zoom(zoom);
    else if (event.key === "0") viewport.fit();
    else if (event.key === "Enter" || event.key === " ") choose(event.target);
    else if (ARROWS[event.key]) neighbour(groups, event.target as Element, ARROWS[event.key]!)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** The nearest device that way; sideways distance counts double. */
function neighbour(groups: readonly SVGGElement[], from: Element, [dx, dy]: readonly [number, number]): SVGGElement | null {
  const here = centre(from);
  let best: SVGGElement | null = null;
  let least = Infinity;
  for (const group of groups) {
    const there = centre(group);
    const along = (there.x - here.x) * dx + (there.y - here.y) * dy;
    const aside = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx);
    if (along > 1 && along + 2 * aside < least) {
      least = along + 2 * aside;
      best = group;
    }
  }
  return best;
}

function centre(element: Element): { x: number; y: number } {
  const rect = element.getBoundingClientRect();
  return { x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 };
}

/** Brings focus back to the device on the diagram when its panel is closed. */
export function focusOnDiagram(): void {
  const id = selected.value;
  if (id) document.getElementById(`node-${CSS.escape(id)}`)?.focus();
}
