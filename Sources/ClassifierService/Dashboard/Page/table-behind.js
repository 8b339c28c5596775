// A table behind a chart.

import { fillRows, h } from "./dom.js";
import { withCue } from "./scroll-cue.js";

/** A table that is filled when it is opened. */
export class TableBehind {
  #rows = () => [];
  #body = h("tbody");

  constructor(caption, columns) {
    const head = h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)));
    const table = h("table", { class: "list" }, h("caption", { class: "hidden" }, caption), h("thead", null, head), this.#body);
    const frame = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${caption}: the table` }, table);
    this.element = h("details", { ontoggle: () => this.#draw() }, h("summary", null, "As a table"), withCue(frame));
  }

  /** @param rows gives the rows when they are wanted. */
  set rows(rows) {
    this.#rows = rows;
    this.#draw();
  }

  #draw() {
    if (this.element.open) fillRows(this.#body, this.#rows());
  }
}
