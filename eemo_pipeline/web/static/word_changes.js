// What changed between a draft and a correction, word by word.

import { element } from "/static/elements.js";

const MOST_WORDS = 400; // the table of the longest common subsequence grows with the square

// Returns runs {kind: "same" | "del" | "ins", words} by the longest common subsequence of words.
export function compareWords(before, after) {
  const [a, b] = [before, after].map((text) => text.split(/\s+/).filter(Boolean));
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return [{ kind: "del", words: a }, { kind: "ins", words: b }];
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const runs = [];
  const add = (kind, word) => {
    if (runs.at(-1)?.kind === kind) runs.at(-1).words.push(word);
    else runs.push({ kind, words: [word] });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("same", a[i++]);
      j++;
    } else if (j >= b.length || (i < a.length && longest[i + 1][j] >= longest[i][j + 1])) add("del", a[i++]);
    else add("ins", b[j++]);
  }
  return runs;
}

// Returns the comparison as a line of the page, empty where nothing changed.
export function showChanges(before, after) {
  const runs = compareWords(before, after);
  const line = element("p", { className: "changes" });
  const changed = runs.filter((run) => run.kind !== "same");
  if (!changed.length) return line;
  const count = changed.reduce((sum, run) => sum + run.words.length, 0);
  line.append(`${count} ${count === 1 ? "word" : "words"} changed: `);
  for (const { kind, words } of runs) {
    const text = words.join(" ");
    line.append(kind === "same" ? text : element(kind, { textContent: text }), " ");
  }
  return line;
}
