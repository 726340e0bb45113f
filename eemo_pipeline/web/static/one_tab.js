// One tab at a time may answer: the browser's own lock says which.

const NAME = "eemo-review";

// Calls `begin` when this tab has the lock, and `lose` when another has it; `button` takes it over.
// A page that came over plain http from another machine has no locks: there, two tabs may answer,
// and the server stores each answer once.
export function holdTab(begin, lose, button) {
  if (!navigator.locks) {
    begin();
    return;
  }
  const hold = (options) =>
    navigator.locks
      .request(NAME, options, (lock) => {
        if (lock === null) return lose();
        begin();
        return new Promise(() => {}); // until the tab is closed, or another takes over
      })
      .catch(lose);
  button.addEventListener("click", () => hold({ steal: true }));
  hold({ ifAvailable: true });
}
