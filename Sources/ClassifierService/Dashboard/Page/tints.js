// The tints of the confusion matrix, in steps that can be told apart, and the legend that names them.

import { h } from "./dom.js";

/** The largest share of each step. */
const BOUNDS = [0.01, 0.05, 0.2, 0.6, 1];

const names = BOUNDS.map((bound, index) => {
  if (index === BOUNDS.length - 1) return `over ${BOUNDS[index - 1] * 100}\u00a0%`;
  return index === 0 ? `to ${bound * 100}\u00a0%` : `${bound * 100}\u00a0%`;
});

/** Tints a cell by the share of its class's rows, from 0 (none) to 5. */
export function tint(cell, share, isHit) {
  const step = share > 0 ? BOUNDS.findIndex((bound) => share <= bound + 1e-12) + 1 : 0;
  cell.dataset.tint = step;
  cell.classList.toggle("hit", isHit);
}

/** The legend. */
export function legend() {
  const line = (name, isHit) => {
    const swatches = BOUNDS.map((bound) => {
      const swatch = h("td");
      tint(swatch, bound, isHit);
      return swatch;
    });
    return h("tr", null, h("th", { scope: "row" }, name), swatches);
  };
  return h("table", { class: "tints" },
    h("caption", { class: "hidden" }, "Tints: the share of the rows of the true class"),
    h("thead", null, h("tr", null, h("th", { scope: "col" }, "Share of the class"), names.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", null, line("predicted right", true), line("predicted wrong", false)));
}
