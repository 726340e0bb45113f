// A person's keys: which action a key means, and the legend printed on it.

const NAMES = {
  Space: "Space", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Delete: "Del",
  Semicolon: ";", Equal: "=", Quote: "'", Slash: "/", BracketLeft: "[", BracketRight: "]",
  Backquote: "`", Backslash: "\\", Comma: ",", Period: ".", Minus: "-",
};

export class Keys {
  // `codes` is action -> code, as the server keeps it.
  constructor(codes) {
    this.codes = codes;
    this.layout = null;
  }

  // Writes the legends into the page; the browser knows the layout where it says so.
  async show() {
    this.layout = (await navigator.keyboard?.getLayoutMap?.().catch(() => null)) ?? null;
    for (const kbd of document.querySelectorAll("kbd[data-key]")) kbd.textContent = this.legend(kbd.dataset.key);
  }

  legend(action) {
    return legendOf(this.codes[action] ?? "", this.layout);
  }

  is(event, action) {
    return event.code === this.codes[action];
  }

  // The place of the key among name_1, name_2, ...; -1 where it is none of them.
  place(event, name) {
    for (let place = 1; `${name}_${place}` in this.codes; place++) {
      if (this.is(event, `${name}_${place}`)) return place - 1;
    }
    return -1;
  }
}

export function legendOf(code, layout) {
  const printed = layout?.get(code);
  if (printed) return printed.toUpperCase();
  return NAMES[code] ?? code.replace(/^(Key|Digit)/, "").replace(/^Numpad/, "Num ");
}
