/** Zooming and panning a drawing by its viewBox: wheel, drag, pinch, keys; and bringing a device into view. */

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const ZOOM_MAX = 40;
const DRAG_PX = 4; // chosen: a click with an unsteady hand is no drag
const LETTER = 11; // the size of the diagram's letters, in its own units
const FAR_PX = 7; // chosen: figures smaller than this nobody reads,
const FARTHER_PX = 3.5; // and names smaller than this

export class Viewport {
  private readonly whole: Box;
  private box: Box;
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private moved = 0;

  constructor(private readonly svg: SVGSVGElement) {
    const [x = 0, y = 0, width = 100, height = 100] = (svg.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
    this.whole = { x, y, width, height };
    this.box = { ...this.whole };
    svg.addEventListener("wheel", this.onWheel, { passive: false });
    svg.addEventListener("pointerdown", this.onDown);
    svg.addEventListener("pointermove", this.onMove);
    for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, this.onUp);
    svg.addEventListener("click", this.onClick, true);
    new ResizeObserver(() => this.show()).observe(svg);
  }

  fit(): void {
    this.box = { ...this.whole };
    this.show();
  }

  /** factor above 1 comes nearer; about the middle, or a place on the screen. */
  zoom(factor: number, at?: { x: number; y: number }): void {
    const rect = this.svg.getBoundingClientRect();
    const width = Math.min(this.whole.width * 1.2, Math.max(this.whole.width / ZOOM_MAX, this.box.width / factor));
    const height = (width * this.whole.height) / this.whole.width;
    const scale = this.scale();
    const centre = at
      ? { x: this.centreX() + (at.x - rect.x - rect.width / 2) / scale, y: this.centreY() + (at.y - rect.y - rect.height / 2) / scale }
      : { x: this.centreX(), y: this.centreY() };
    const share = width / this.box.width;
    this.box = {
      x: centre.x - (centre.x - this.box.x) * share,
      y: centre.y - (centre.y - this.box.y) * share,
      width,
      height,
    };
    this.show();
  }

  /** Pans so that an element is seen; nearer where it could not be read. */
  reveal(element: SVGGraphicsElement): void {
    const place = element.getBBox();
    const matrix = element.getCTM();
    const own = this.svg.getScreenCTM();
    if (!matrix || !own) return;
    const rect = element.getBoundingClientRect();
    const frame = this.svg.getBoundingClientRect();
    const inside = rect.left >= frame.left && rect.right <= frame.right && rect.top >= frame.top && rect.bottom <= frame.bottom;
    if (inside && rect.width >= 24) return;
    const scale = this.scale();
    const x = this.centreX() + (rect.left + rect.width / 2 - frame.left - frame.width / 2) / scale;
    const y = this.centreY() + (rect.top + rect.height / 2 - frame.top - frame.height / 2) / scale;
    const width = Math.min(this.box.width, Math.max(place.width * 12, this.whole.width / ZOOM_MAX));
    const height = (width * this.whole.height) / this.whole.width;
    this.box = { x: x - width / 2, y: y - height / 2, width, height };
    this.show();
  }

  private centreX(): number {
    return this.box.x + this.box.width / 2;
  }

  private centreY(): number {
    return this.box.y + this.box.height / 2;
  }

  /** Pixels of the screen for one unit of the drawing. */
  private scale(): number {
    const rect = this.svg.getBoundingClientRect();
    return Math.min(rect.width / this.box.width, rect.height / this.box.height) || 1;
  }

  private show(): void {
    const { x, y, width, height } = this.box;
    this.svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    this.svg.classList.toggle("far", this.scale() * LETTER < FAR_PX);
    this.svg.classList.toggle("farther", this.scale() * LETTER < FARTHER_PX);
  }

  private readonly onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY });
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (this.fingers.size === 0) this.moved = 0;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };

  private readonly onMove = (event: PointerEvent): void => {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const others = Array.from(this.fingers).filter(([id]) => id !== event.pointerId);
    this.fingers.set(event.pointerId, now);
    this.moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (this.moved < DRAG_PX) return;
    const other = others[0]?.[1];
    if (other) {
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
      this.zoom(factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      return;
    }
    // Only a drag takes the pointer, so that a click still reaches the device under it.
    if (!this.svg.hasPointerCapture(event.pointerId)) this.svg.setPointerCapture(event.pointerId);
    const scale = this.scale();
    this.box.x -= (now.x - before.x) / scale;
    this.box.y -= (now.y - before.y) / scale;
    this.show();
  };

  private readonly onUp = (event: Event): void => {
    this.fingers.delete((event as PointerEvent).pointerId);
  };

  private readonly onClick = (event: MouseEvent): void => {
    if (this.moved >= DRAG_PX) event.stopPropagation();
    this.moved = 0;
  };
}
