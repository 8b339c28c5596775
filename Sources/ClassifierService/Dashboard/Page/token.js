// The dialog that asks for a token.

import { byId, setText } from "./dom.js";

let pending = null;

/**
 * Asks for a token; one dialog serves all who ask meanwhile.
 *
 * @param {string} reason why the last one was not taken, or nothing
 * @returns {Promise<string>}
 */
export function askForToken(reason) {
  pending ??= ask(reason).finally(() => {
    pending = null;
  });
  return pending;
}

function ask(reason) {
  const dialog = byId("token");
  const input = byId("token-input");
  const message = byId("token-message");
  setText(message, reason);
  message.dataset.kind = "bad";
  input.value = "";
  return new Promise((resolve) => {
    const check = (event) => {
      event.preventDefault();
      const token = input.value.trim();
      if (!token) {
        setText(message, "Enter the token, without “Bearer”.");
        return;
      }
      if (!/^[\x21-\x7e]+$/.test(token)) {
        setText(message, "A token has no spaces and no letters beyond ASCII.");
        return;
      }
      byId("token-form").removeEventListener("submit", check);
      dialog.removeEventListener("cancel", stay);
      input.value = "";
      dialog.close();
      resolve(token);
    };
    // There is nothing to see without one.
    const stay = (event) => event.preventDefault();
    byId("token-form").addEventListener("submit", check);
    dialog.addEventListener("cancel", stay);
    if (!dialog.open) dialog.showModal();
    input.focus();
  });
}
