/** Lays the host's painting over the host's one-line diagram, and lets power be seen to move. */

import { effect } from "@preact/signals";
import { LOOK_WORDS, lookOf } from "./condition";
import { stateWord } from "./format";
import { clock, facility, ids, livePaint, moment, painted, shown, shownFlow } from "./store";
import { selected } from "./ui";

const SVG = "http://www.w3.org/2000/svg";
const MOVING_EDGES_MAX = 120; // chosen: more moving lines at once cost a small machine its frames
const FLOW_KW_MIN = 0.05; // the smallest power that does not print as 0.0

type Parts = ReadonlyMap<string, Element>;

/** The diagram as the host drew it, made part of this page: without anything that acts. */
export function adopt(text: string): SVGSVGElement {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  const root = parsed.documentElement;
  if (root.nodeName !== "svg" || parsed.querySelector("parsererror")) throw new Error("the diagram cannot be read");
  for (const element of Array.from(root.querySelectorAll("script, foreignObject, image, animate, set, a"))) element.remove();
  for (const element of [root, ...Array.from(root.querySelectorAll("*"))]) {
    for (const { name } of Array.from(element.attributes)) {
      if (name.startsWith("on") || name === "style") element.removeAttribute(name);
    }
  }
  const svg = document.importNode(root, true) as unknown as SVGSVGElement;
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  return svg;
}

/** Keeps a diagram painted until the function given back is called. */
export function paint(svg: SVGSVGElement): () => void {
  const parts: Parts = new Map(Array.from(svg.querySelectorAll("[id]"), (each) => [each.id, each]));
  const stops = [effect(() => paintAll(parts)), effect(() => paintChanges(parts)), effect(() => choose(parts))];
  stops.push(...ids.value.map((id) => effect(() => nameDevice(parts, id))));
  const edges = edgesOf(parts);
  if (edges.length <= MOVING_EDGES_MAX) {
    for (const { key, path } of edges) {
      const overlay = overlayOf(path);
      stops.push(effect(() => move(overlay, shownFlow(key).value?.power_kw ?? 0)));
    }
  }
  stops.push(effect(() => void svg.classList.toggle("still", clock.value.frozen || moment.value !== null)));
  return () => stops.forEach((stop) => stop());
}

/** The whole painting: of the moment looked back at, or of now when coming back from there. */
function paintAll(parts: Parts): void {
  const past = moment.value;
  if (past && !past.paint) return;
  for (const [id, value] of Object.entries(past?.paint ?? livePaint)) lay(parts, id, value);
}

function paintChanges(parts: Parts): void {
  const changed = painted.value;
  if (moment.peek()) return;
  for (const [id, value] of Object.entries(changed)) lay(parts, id, value);
}

/** One line of a painting: what it says depends on what the element is; see web/painting.py. */
function lay(parts: Parts, id: string, value: string): void {
  const element = parts.get(id);
  if (!element) return;
  const kind = id.slice(0, id.indexOf("-"));
  if (kind === "ring") element.setAttribute("stroke-dasharray", `${value} 100`);
  else if (kind === "node" || kind === "edge" || kind === "bar") {
    element.setAttribute("class", element.getAttribute("data-node") === selected.peek() && kind === "node" ? `${value} chosen` : value);
  } else if (element.textContent !== value) element.textContent = value;
}

function choose(parts: Parts): void {
  const id = selected.value;
  for (const [name, element] of parts) if (name.startsWith("node-")) element.classList.toggle("chosen", name === `node-${id}`);
}

/** What a screen reader says of a device. */
function nameDevice(parts: Parts, id: string): void {
  const view = shown(id).value;
  const device = facility.peek()?.nodes[id];
  const said = `${device?.title || id}, ${device?.type ?? ""}: ${stateWord(view.state)}, ${LOOK_WORDS[lookOf(view)]}`;
  const group = parts.get(`node-${id}`);
  if (group && group.getAttribute("aria-label") !== said) group.setAttribute("aria-label", said);
}

function edgesOf(parts: Parts): { readonly key: string; readonly path: Element }[] {
  return Object.entries(facility.value?.nodes ?? {}).flatMap(([to, device]) =>
    device.feeds.flatMap((from) => {
      const path = parts.get(`edge-${from}-${to}`);
      return path ? [{ key: `${from}-${to}`, path }] : [];
    }),
  );
}

function overlayOf(path: Element): Element {
  const overlay = document.createElementNS(SVG, "path");
  overlay.setAttribute("d", path.getAttribute("d") ?? "");
  overlay.setAttribute("class", "moving");
  overlay.setAttribute("aria-hidden", "true");
  path.after(overlay);
  return overlay;
}

function move(overlay: Element, kw: number): void {
  const looks = Math.abs(kw) < FLOW_KW_MIN ? "moving" : kw < 0 ? "moving on reverse" : "moving on";
  if (overlay.getAttribute("class") !== looks) overlay.setAttribute("class", looks);
}
