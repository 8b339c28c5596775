// The confusion matrix: what rows of each class were predicted as before they were learned. Of many classes, those confused most often and the largest.

import { byId, fillList, h, setText } from "./dom.js";
import { count, percent, plural } from "./format.js";
import { withCue } from "./scroll-cue.js";
import { TableBehind } from "./table-behind.js";
import { legend, tint } from "./tints.js";

/** The classes drawn at most. */
const MOST_CLASSES = 20;
/** Classes whose cells have room for their numbers. */
const MOST_NUMBERED = 12;

export class ConfusionPanel {
  #cells = [];
  #labels = [];
  #active = [0, 0];
  #columns = h("tr");
  #rows = h("tbody");
  #empty = h("p", { class: "empty" }, "Nothing predicted yet.");
  #readout = h("p", { class: "readout", role: "status" });
  #table;
  #frame;
  #shown;
  #top = new TableBehind("The most frequent confusions", ["Class", "Predicted as", "Rows", "Share of the class"]);

  constructor() {
    this.#table = h("table", { class: "matrix", role: "grid", "aria-labelledby": "confusion-title" },
      h("caption", null, "predicted as →"), h("thead", null, this.#columns), this.#rows);
    this.#frame = h("div", { class: "matrix-frame" }, this.#table);
    this.#top.element.firstElementChild.textContent = "The most frequent confusions";
    this.#shown = h("div", null, withCue(this.#frame), legend(), this.#readout, this.#top.element);
    byId("confusion").append(this.#empty, this.#shown);
    this.#rows.addEventListener("keydown", (event) => this.#move(event));
    this.#rows.addEventListener("focusin", (event) => this.#enter(event.target));
    this.#rows.addEventListener("pointerover", (event) => this.#say(event.target.closest("td")));
    this.#frame.addEventListener("pointerleave", () => this.#say(document.activeElement?.closest?.(".matrix td")));
  }

  /** Shows the confusions of a model's details. */
  show({ evaluation }) {
    const entries = evaluation?.confusion ?? [];
    const totals = new Map();
    for (const { label, count: rows } of entries) totals.set(label, (totals.get(label) ?? 0) + rows);
    const classes = evaluation?.classes ?? [];
    const confused = mostConfused(entries);
    const chosen = choose(classes, confused);
    this.#empty.hidden = entries.length > 0;
    this.#shown.hidden = entries.length === 0;
    setText(byId("confusion-note"), note(classes.length, chosen.length, confused.length, entries.length));
    this.#drawMatrix(chosen, entries, totals);
    this.#top.rows = () =>
      entries.filter(({ label, predicted }) => label !== predicted).sort((a, b) => b.count - a.count).slice(0, 50)
        .map(({ label, predicted, count: rows }) => [label, predicted, count(rows), percent(rows / totals.get(label), 1)]);
  }

  #drawMatrix(labels, entries, totals) {
    const place = new Map(labels.map((label, index) => [label, index]));
    this.#labels = labels;
    this.#cells = labels.map((label) => labels.map(() => ({ rows: 0, total: totals.get(label) ?? 0 })));
    for (const { label, predicted, count: rows } of entries) {
      if (place.has(label) && place.has(predicted)) this.#cells[place.get(label)][place.get(predicted)].rows = rows;
    }
    this.#active = this.#active.map((index) => Math.min(index, Math.max(0, labels.length - 1)));
    const isNumbered = labels.length <= MOST_NUMBERED;
    this.#table.classList.toggle("matrix-many", !isNumbered);
    this.#table.classList.toggle("matrix-long", labels.some((label) => label.length > 3));
    fillList(this.#columns, ["", ...labels], (_, index) => (index === 0 ? h("td", { class: "corner" }, "true ↓") : h("th", { scope: "col" }, h("span"))), (cell, label, index) => {
      if (index === 0) return;
      setText(cell.firstElementChild, label);
      cell.title = label;
    });
    fillList(this.#rows, labels, () => h("tr", null, h("th", { scope: "row" })), (line, label, row) => {
      const [head] = line.children;
      setText(head, label);
      head.title = label;
      fillList(line, [label, ...labels], () => h("td", { role: "gridcell", tabindex: "-1" }), (cell, _, index) => {
        if (index > 0) this.#drawCell(cell, row, index - 1, isNumbered);
      });
    });
    this.#say(document.activeElement?.closest?.(".matrix td"));
  }

  #drawCell(cell, row, column, isNumbered) {
    const { rows, total } = this.#cells[row][column];
    const share = total > 0 ? rows / total : 0;
    tint(cell, share, row === column);
    setText(cell, isNumbered && rows > 0 ? (rows < 10_000 ? String(rows) : "···") : "");
    cell.setAttribute("aria-label", this.#words(row, column));
    cell.tabIndex = row === this.#active[0] && column === this.#active[1] ? 0 : -1;
  }

  #words(row, column) {
    const { rows, total } = this.#cells[row][column];
    const actual = this.#labels[row];
    const share = total > 0 ? `, ${percent(rows / total, 1)}` : "";
    const fate = row === column ? "predicted right" : `predicted as ${this.#labels[column]}`;
    return `${actual}: ${count(rows)} of ${plural(total, "row")} ${fate}${share}`;
  }

  #placeOf(cell) {
    return [[...this.#rows.children].indexOf(cell.parentElement), [...cell.parentElement.children].indexOf(cell) - 1];
  }

  #say(cell) {
    if (!cell || !this.#rows.contains(cell)) {
      setText(this.#readout, "Point at a cell, tap it, or move with the arrow keys, to read it.");
      return;
    }
    setText(this.#readout, this.#words(...this.#placeOf(cell)));
  }

  #enter(target) {
    const cell = target.closest("td");
    if (!cell) return;
    this.#rows.querySelector('td[tabindex="0"]')?.setAttribute("tabindex", "-1");
    cell.tabIndex = 0;
    this.#active = this.#placeOf(cell);
    this.#say(cell);
  }

  #move(event) {
    const last = this.#labels.length - 1;
    const [row, column] = this.#active;
    const target = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, last], PageUp: [0, column], PageDown: [last, column],
    }[event.key];
    if (!target) return;
    event.preventDefault();
    const [newRow, newColumn] = target.map((index) => Math.min(last, Math.max(0, index)));
    this.#rows.children[newRow]?.children[newColumn + 1]?.focus();
  }
}

/** The labels that take part in the most confusions, at most as many as are drawn. */
function mostConfused(entries) {
  const weight = new Map();
  for (const { label, predicted, count: rows } of entries) {
    if (label === predicted) continue;
    weight.set(label, (weight.get(label) ?? 0) + rows);
    weight.set(predicted, (weight.get(predicted) ?? 0) + rows);
  }
  return [...weight].sort((a, b) => b[1] - a[1]).slice(0, MOST_CLASSES).map(([label]) => label);
}

/** All classes, or of many those confused most and then those with the most rows, in the order of the model. */
function choose(classes, confused) {
  const labels = classes.map(({ label }) => label);
  if (labels.length <= MOST_CLASSES) return labels;
  const largest = [...classes].sort((a, b) => b.count - a.count).map(({ label }) => label);
  const known = new Set(labels);
  const order = new Set([...confused.filter((label) => known.has(label)), ...largest]);
  const chosen = new Set([...order].slice(0, MOST_CLASSES));
  return labels.filter((label) => chosen.has(label));
}

function note(classes, shown, confused, entries) {
  if (entries === 0) return "";
  if (shown === classes) return "before the rows were learned";
  const which = confused >= shown ? "those confused most often" : confused > 0 ? "those confused, and the largest" : "the largest; none is confused";
  return `${count(shown)} of ${count(classes)} classes: ${which}`;
}
