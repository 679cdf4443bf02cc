/** The nodes' little screens: 128 x 64 pixels in the SSD1306's own page order, drawn dot for dot. */

import { effect, signal, type Signal } from "@preact/signals";
import { AGAIN_MS } from "./api";
import { moment } from "./store";

export const WIDTH = 128;
export const HEIGHT = 64;

interface Frame {
  readonly bytes: Uint8Array;
  readonly redrawn: boolean; // a real board's picture, drawn anew by the same program
}

const LIT = [226, 238, 250];
const DARK = [8, 12, 18];

const frames = new Map<string, Signal<Frame | null>>();
let watchers = 0;
let source: EventSource | null = null;

export function frameOf(id: string): Signal<Frame | null> {
  let frame = frames.get(id);
  if (!frame) {
    frame = signal<Frame | null>(null);
    frames.set(id, frame);
  }
  return frame;
}

/** Whether anybody looks at screens now. */
export function screensWatched(): boolean {
  return watchers > 0;
}

/** Streams screens while anybody looks; call what is given back when done. */
export function watchScreens(): () => void {
  watchers += 1;
  if (watchers === 1) start();
  return () => {
    watchers -= 1;
    // A panel that is replaced by another would else break the stream off and start it anew.
    setTimeout(() => {
      if (watchers === 0) stop();
    }, 500);
  };
}

function start(): void {
  if (source) return;
  const fresh = new EventSource("/api/v1/screens/stream");
  source = fresh;
  // The browser tries again by itself unless it was refused outright.
  fresh.onerror = () => {
    if (fresh.readyState !== EventSource.CLOSED || source !== fresh) return;
    source = null;
    setTimeout(() => watchers && start(), AGAIN_MS);
  };
  fresh.addEventListener("screens", (message) => {
    const data = JSON.parse((message as MessageEvent<string>).data) as Record<string, unknown>;
    for (const [id, value] of Object.entries(data)) {
      const frame = decode(value);
      if (frame) frameOf(id).value = frame;
    }
  });
}

function stop(): void {
  source?.close();
  source = null;
}

function decode(value: unknown): Frame | null {
  if (typeof value === "string") return { bytes: unpack(value), redrawn: false };
  if (value !== null && typeof value === "object") {
    const { frame, redrawn } = value as { frame?: unknown; redrawn?: unknown };
    if (typeof frame === "string") return { bytes: unpack(frame), redrawn: redrawn === true };
  }
  return null;
}

function unpack(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Keeps a canvas showing a node's screen, live or as it was, until the function given back is called. */
export function drawScreen(canvas: HTMLCanvasElement, id: string): () => void {
  const live = frameOf(id);
  return effect(() => {
    const past = moment.value;
    const then = past?.screens?.[id];
    const bytes = past ? (then ? (decode(then)?.bytes ?? null) : null) : (live.value?.bytes ?? null);
    draw(canvas, bytes);
  });
}

function draw(canvas: HTMLCanvasElement, bytes: Uint8Array | null): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(WIDTH, HEIGHT);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const byte = bytes?.[(y >> 3) * WIDTH + x] ?? 0;
      const colour = (byte >> (y & 7)) & 1 ? LIT : DARK;
      const at = (y * WIDTH + x) * 4;
      image.data[at] = colour[0]!;
      image.data[at + 1] = colour[1]!;
      image.data[at + 2] = colour[2]!;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}
