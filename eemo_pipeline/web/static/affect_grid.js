// Valence and arousal in one plane of nine by nine steps, for the pointer and the arrow keys. It
// writes the same steps as the two scales, and nothing is chosen beforehand.

const STEPS = 9;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class AffectGrid {
  // `choose({valence, arousal})` hears which cell was chosen; ratings are texts, as in the page.
  constructor(root, choose) {
    this.root = root;
    this.cells = [...root.querySelectorAll("[role=gridcell]")];
    root.addEventListener("click", (event) => {
      const { valence, arousal } = event.target.closest("[role=gridcell]")?.dataset ?? {};
      if (valence !== undefined) choose({ valence, arousal });
    });
    root.addEventListener("keydown", (event) => this.move(event));
  }

  // Shows what is chosen: a cell, or a row or column where only one of the two is.
  show({ valence, arousal }) {
    for (const cell of this.cells) {
      const fits = [cell.dataset.valence === valence, cell.dataset.arousal === arousal];
      cell.setAttribute("aria-selected", String(fits[0] && fits[1]));
      cell.classList.toggle("half", fits[0] !== fits[1]);
    }
    this.reach(this.cells.find((cell) => cell.dataset.valence === (valence ?? "0") && cell.dataset.arousal === (arousal ?? "0")));
  }

  // One cell is reached by Tab, the others from it by arrows.
  reach(cell) {
    for (const one of this.cells) one.tabIndex = one === cell ? 0 : -1;
  }

  move(event) {
    const place = this.cells.indexOf(event.target);
    const step = ARROWS[event.key];
    if (place < 0 || !step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // elsewhere an arrow goes to the image before
    const [column, row] = [(place % STEPS) + step[0], Math.floor(place / STEPS) + step[1]];
    if (column < 0 || column >= STEPS || row < 0 || row >= STEPS) return;
    const next = this.cells[row * STEPS + column];
    this.reach(next);
    next.focus();
  }
}
