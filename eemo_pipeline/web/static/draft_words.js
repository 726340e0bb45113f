// Drafts and the answers to them, in words.

export const NAMES = {
  description: "Description",
  background: "Background",
  attribute: "Attribute",
  subject: "Subject",
  style: "Style",
  scene: "Scene",
  facial_expression: "Facial expression",
  human_action: "Action",
  objects: "Objects",
  reason: "Reason for the emotion",
  box: "Boxes",
};
const SAID = {
  field_accept: "confirmed",
  field_edit: "corrected",
  field_reject: "refused",
  field_absent: "not present",
  field_unknown: "unknown",
};
export const RECONCILED = { keep: "kept", change: "changed", both: "both plausible" };

export function asText(value) {
  return Array.isArray(value) ? value.join(", ") : String(value);
}

// Objects are a list, or what a person said of each: those that are there, and those not to be told.
export function objectsOf(value) {
  return Array.isArray(value) ? { present: value, unknown: [] } : value;
}

export function inWords(draft) {
  if (draft.field === "objects") {
    const { present, unknown } = objectsOf(draft.value);
    const open = unknown.length ? `; cannot tell: ${unknown.join(", ")}` : "";
    return `${present.join(", ") || "none of them"}${open}`;
  }
  if (draft.field !== "box") return asText(draft.value);
  const count = draft.value.length;
  return count ? `${count} box${count > 1 ? "es" : ""} on the image` : "no box was found";
}

export function inAnswer(draft, answer) {
  const said = SAID[answer.kind];
  if (answer.kind === "field_reject") return `${said}: ${answer.value.replaceAll("_", " ")}`;
  if (answer.kind === "field_edit") return `${said}: ${inWords({ ...draft, value: answer.value })}`;
  return said;
}
