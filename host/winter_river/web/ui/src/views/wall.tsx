/** The wall of all little screens, and one of them with its button. */

import { useEffect, useRef } from "preact/hooks";
import { LETTERS, lookOf } from "../condition";
import { stateWord } from "../format";
import { drawScreen, frameOf, HEIGHT, watchScreens, WIDTH } from "../screens";
import { facility, ids, shown } from "../store";
import { select } from "../ui";

const MANY = 40; // chosen: above it the wall shows them at one dot a pixel

/** One screen, dot for dot; drawn only while it can be seen. */
export function Oled({ id }: { id: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    let stop: (() => void) | null = null;
    const watcher = new IntersectionObserver(
      (entries) => {
        const seen = entries.some((entry) => entry.isIntersecting);
        if (seen && !stop) stop = drawScreen(element, id);
        else if (!seen && stop) {
          stop();
          stop = null;
        }
      },
      { rootMargin: "100px" },
    );
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      stop?.();
    };
  }, [id]);
  return <canvas class="oled" ref={canvas} width={WIDTH} height={HEIGHT} aria-hidden="true" />;
}

export function Wall() {
  useEffect(watchScreens, []);
  return (
    <section class={`wall ${ids.value.length > MANY ? "many" : ""}`} aria-label="Screens of all devices">
      {ids.value.map((id) => (
        <Tile key={id} id={id} />
      ))}
    </section>
  );
}

function Tile({ id }: { id: string }) {
  const view = shown(id).value;
  const look = lookOf(view);
  const title = facility.value?.nodes[id]?.title || id;
  return (
    <button class={`tile ${look}`} data-node={id} onClick={() => select(id)} aria-label={`${title}: ${stateWord(view.state)}`}>
      <Oled id={id} />
      <span class="caption">
        <span class="name">{id}</span>
        {LETTERS[look] ? <b class={`letter ${look}`}>{LETTERS[look]}</b> : null}
        {frameOf(id).value?.redrawn ? <span title="A real board; its picture is drawn anew here">board</span> : null}
      </span>
    </button>
  );
}
