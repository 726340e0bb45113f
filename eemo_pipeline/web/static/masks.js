// The masks of the boxes: offered while boxes are checked, fetched when they are looked at first.

const COLOURS = [[255, 210, 63], [80, 200, 255], [255, 120, 200], [140, 255, 140]];
const OPACITY = 150; // of 255

export class Masks {
  // `explain(problem)` tells the person what went wrong.
  constructor(explain) {
    this.explain = explain;
    this.surround = document.getElementById("surround");
    this.layer = document.getElementById("masks-layer");
    this.button = document.getElementById("masks");
    this.task = null; // whose masks are offered
    this.drawn = null; // whose masks are drawn
    this.button.addEventListener("click", () => this.toggle());
  }

  // Offers the masks of a task; null takes them away.
  offer(task) {
    this.task = task;
    this.button.hidden = task === null;
    if (this.drawn !== task) drawMasks(this.layer, []);
    this.drawn = this.drawn === task ? task : null;
    if (this.surround.classList.contains("masked")) this.fetch();
  }

  toggle() {
    if (this.task === null) return;
    const isOn = this.surround.classList.toggle("masked");
    this.button.setAttribute("aria-pressed", String(isOn));
    if (isOn) this.fetch();
  }

  async fetch() {
    const wanted = this.task;
    if (wanted === null || this.drawn === wanted) return;
    const reply = await fetch(`/api/tasks/${wanted}/masks`).catch(() => null);
    const found = reply?.ok ? await reply.json().catch(() => null) : null;
    if (this.task !== wanted) return; // another image is on the screen
    if (found === null) {
      this.explain({ detail: "the masks did not come", fix: "switch them off and on again" });
      return;
    }
    this.drawn = wanted;
    drawMasks(this.layer, found);
    if (!found.length) this.explain({ detail: "this image has no masks" });
  }
}

// Draws COCO run lengths on a canvas over an image: column by column, background first.
export function drawMasks(layer, masks) {
  layer.width = Math.max(1, ...masks.map((mask) => mask.size_px[1]));
  layer.height = Math.max(1, ...masks.map((mask) => mask.size_px[0]));
  const whole = layer.getContext("2d");
  masks.forEach(({ size_px: [height, width], counts }, number) => {
    const part = new ImageData(width, height);
    const colour = COLOURS[number % COLOURS.length];
    let at = 0;
    counts.forEach((run, place) => {
      for (let pixel = at; place % 2 && pixel < at + run; pixel++) {
        part.data.set([...colour, OPACITY], 4 * ((pixel % height) * width + Math.floor(pixel / height)));
      }
      at += run;
    });
    const own = document.createElement("canvas");
    [own.width, own.height] = [width, height];
    own.getContext("2d").putImageData(part, 0, 0);
    whole.drawImage(own, 0, 0, layer.width, layer.height);
  });
}
