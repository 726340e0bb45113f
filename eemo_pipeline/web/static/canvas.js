// The image on the screen: marks over it, points picked on it, its size.

const overlay = document.getElementById("overlay");
const surround = document.getElementById("surround");
const marks = document.getElementById("marks");

// Draws boxes in pixels of the image; `chosen` is the number of one that is being moved, and `edge`
// the corner's name of its moving edge.
export function drawBoxes(size, boxes, chosen = -1, edge = null) {
  const shapes = [];
  if (boxes.length) setView(size);
  boxes.forEach((box, number) => {
    for (const name of number === chosen ? ["shade", "chosen"] : ["shade", "line"]) {
      shapes.push(
        shape("rect", name, {
          x: box.x1_px,
          y: box.y1_px,
          width: Math.max(0, box.x2_px - box.x1_px),
          height: Math.max(0, box.y2_px - box.y1_px),
        }),
      );
    }
    const height = Math.max(size.width_px, size.height_px) / 24;
    const place = { x: box.x1_px + height / 3, y: box.y1_px + height * 1.1, "font-size": height };
    shapes.push(Object.assign(shape("text", "number", place), { textContent: number + 1 }));
    if (number === chosen && edge) {
      const across = edge.startsWith("x");
      const d = across ? `M${box[edge]} ${box.y1_px}V${box.y2_px}` : `M${box.x1_px} ${box[edge]}H${box.x2_px}`;
      shapes.push(shape("path", "shade", { d, "stroke-width": 8 }), shape("path", "chosen", { d, "stroke-width": 6 }));
    }
  });
  overlay.replaceChildren(...shapes);
}

// Collects points of the image, in its own pixels; returns what ends it early.
export function pickPoints(size, count, done) {
  const points = [];
  setView(size);
  const pick = (event) => {
    const frame = overlay.getBoundingClientRect();
    const x = Math.round(((event.clientX - frame.left) / frame.width) * size.width_px);
    const y = Math.round(((event.clientY - frame.top) / frame.height) * size.height_px);
    points.push({ x, y });
    if (points.length === count) {
      end();
      done(points);
    }
  };
  const end = () => {
    overlay.classList.remove("picking");
    overlay.removeEventListener("click", pick);
  };
  overlay.classList.add("picking");
  overlay.addEventListener("click", pick);
  return end;
}

export function zoom() {
  const isZoomed = surround.classList.toggle("zoomed");
  document.getElementById("zoom").setAttribute("aria-pressed", String(isZoomed));
}

export function toggleMarks() {
  const isOff = surround.classList.toggle("unmarked");
  marks.setAttribute("aria-pressed", String(!isOff));
}

// The image alone, as long as a key is held.
export function bare(isBare) {
  document.getElementById("main").classList.toggle("bare", isBare);
}

function setView(size) {
  overlay.setAttribute("viewBox", `0 0 ${size.width_px} ${size.height_px}`);
  overlay.setAttribute("preserveAspectRatio", "none");
}

function shape(kind, name, values) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  made.setAttribute("class", name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  return made;
}
