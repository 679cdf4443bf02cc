/** What all charts share: colours, axes, lines, height. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { facility } from "../store";

const DASHES: readonly (readonly number[])[] = [[], [8, 3], [2, 3], [10, 3, 2, 3]];

export type Colours = (name: string) => string;

export const unitOf = (field: string) => facility.value?.fields[field.split(".")[1] ?? ""]?.unit ?? "";

/** A colour of the sheet as a canvas takes it. */
export function colourOf(): Colours {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const made = new Map<string, string>();
  for (const name of ["--ink", "--quiet", "--line", "--accent", "--fault", "--warning", "--trend-0", "--trend-1", "--trend-2", "--trend-3"]) {
    probe.style.color = `var(${name})`;
    made.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => made.get(name) ?? "";
}

export function heightOf(): number {
  return Math.max(140, Math.min(260, Math.round(window.innerHeight / 4)));
}

function span(low: number, high: number): [number, number] {
  const wide = Math.max(high - low, Math.abs(high) * 0.05, 1);
  return [low >= 0 ? Math.max(0, low - wide * 0.1) : low - wide * 0.1, high + wide * 0.1];
}

/** An axis as the sheet has it. */
export function axis(colour: Colours): uPlot.Axis {
  return { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
}

/** The line of a field, told apart by colour and dashes. */
export function line(field: string, index: number, unit: string, colour: Colours): uPlot.Series {
  return {
    label: field.replace(".", " "),
    stroke: colour(`--trend-${index % 4}`),
    width: 2,
    dash: [...(DASHES[Math.floor(index / 4) % DASHES.length] ?? [])],
    spanGaps: false,
    points: { show: false },
    value: (_, value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} ${unit}`),
  };
}

/** How high a chart of this unit reaches. */
export function upright(unit: string): uPlot.Scale {
  return unit === "%" ? { range: [0, 100] } : { range: (_, low, high) => span(low, high) };
}

/** A fine vertical line at a moment that is shown. */
export function stroke(plot: uPlot, at: number, colour: string, dash: number[]): void {
  const { ctx, bbox } = plot;
  const x = plot.valToPos(at, "x", true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.lineWidth = 1;
  ctx.strokeStyle = colour;
  ctx.setLineDash(dash);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
}

/** Draws in the element it gives; options are made once, data and what the axis of time spans follow. */
export function usePlot(options: (width: number) => uPlot.Options, data: uPlot.AlignedData, from: number, to: number): RefObject<HTMLDivElement | null> {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = holder.current;
    if (!element) return undefined;
    const made = new uPlot(options(element.clientWidth), data, element);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: heightOf() }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData(data, false);
    plot.current?.setScale("x", { min: from, max: to });
  }, [data]);
  return holder;
}
