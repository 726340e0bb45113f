// The guidelines beside the image: they leave what is being answered in view.

const guide = document.getElementById("guide");

export function toggleGuide() {
  if (!closeGuide()) guide.show();
}

// Returns whether it was open.
export function closeGuide() {
  if (!guide.open) return false;
  guide.close();
  return true;
}
