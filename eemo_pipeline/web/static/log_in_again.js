// The session has ended while a person is at work: they log in on the same page, and nothing is lost.

import { logIn, me } from "/static/api.js";

const LOOK_MS = 3000; // another tab may log in as well
let asking = null;

// Asks for a login link; resolves once this person is logged in again.
export function logInAgain(raterId) {
  const dialog = document.getElementById("log-in-again");
  if (!dialog.open && !document.querySelector("dialog[open]:modal")) dialog.showModal();
  asking ??= ask(raterId, dialog).finally(() => {
    asking = null;
    dialog.close();
  });
  return asking;
}

function ask(raterId, dialog) {
  const message = document.getElementById("log-in-message");
  const form = dialog.querySelector("form");
  return new Promise((resolve) => {
    const submit = async (event) => {
      event.preventDefault();
      const problem = await logIn(form.elements.token.value);
      form.elements.token.value = "";
      if (problem) message.textContent = problem;
      else if (!(await look())) message.textContent = "This link is another person's; your answers wait for yours.";
    };
    const look = async () => {
      const person = await me(false).catch(() => null);
      if (person?.rater_id !== raterId) return false;
      clearInterval(timer);
      form.removeEventListener("submit", submit);
      resolve();
      return true;
    };
    const timer = setInterval(look, LOOK_MS);
    form.addEventListener("submit", submit);
  });
}
