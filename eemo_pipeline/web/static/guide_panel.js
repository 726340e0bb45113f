// The guidelines beside the image: they leave what is being answered in view.

const guide = document.getElementById("guide");

export function toggleGuide() {
  if (!closeGuide()) guide.show();
}

// Returns whether it was open.
export function closeGuide() {
  if (!guide.open) return false;
  guide.close();
  // Until the next frame a control of the closed guide has the focus, and would take Enter.
  if (guide.contains(document.activeElement)) document.activeElement.blur();
  return true;
}
