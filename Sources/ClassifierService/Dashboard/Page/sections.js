// Panels fold. A phone shows the first ones open, so that all of them are within reach; what was chosen is remembered.

import { h } from "./dom.js";

const KEY = "accrue-panels";
/** Panels that a phone shows open. */
const FIRST = ["stream-title", "classes-title"];

const phone = matchMedia("(max-width: 48rem)");

/** Gives every panel a heading that folds it. */
export function foldPanels() {
  const chosen = read();
  for (const panel of document.querySelectorAll(".panel")) {
    const heading = panel.querySelector("h2");
    const body = panel.querySelector(":scope > header").nextElementSibling;
    const button = h("button", { type: "button", class: "fold", "aria-controls": body.id }, heading.textContent);
    heading.replaceChildren(button);
    const fold = (isOpen) => {
      body.hidden = !isOpen;
      panel.classList.toggle("folded", !isOpen);
      button.setAttribute("aria-expanded", String(isOpen));
    };
    const settle = () => fold(chosen[heading.id] ?? (!phone.matches || FIRST.includes(heading.id)));
    button.addEventListener("click", () => {
      chosen[heading.id] = body.hidden;
      write(chosen);
      settle();
    });
    phone.addEventListener("change", settle);
    settle();
  }
}

function read() {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function write(chosen) {
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // It then lasts as long as the page.
  }
}
