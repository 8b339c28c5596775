// The rows of each class on a log scale, most to fewest: the imbalance at a glance. Of many classes a curve, and a list to search.

import { countAxis, logTicks, scale } from "./axes.js";
import { ClassNames } from "./class-names.js";
import { byId, fillList, h, s, setText } from "./dom.js";
import { compact, count, isNumber, percent, rate } from "./format.js";
import { NewClasses } from "./new-classes.js";

/** More classes than these are drawn as a curve. */
const MOST_BARS = 24;
/** Rows of the list at once. */
const MOST_ROWS = 200;

export class ClassesPanel {
  #classes = [];
  #empty = h("p", { class: "empty" }, "No class yet: a label becomes one with its first row.");
  #axis = h("div", { class: "axis" });
  #barRows = h("tbody");
  #bars;
  #curve = s("svg", { role: "img" });
  #curveFrame;
  #list;
  #listRows = h("tbody");
  #listNote = h("p", { class: "message", role: "status" });
  #filter = h("input", { id: "class-filter", type: "search", autocomplete: "off", spellcheck: "false" });
  #width = 0;
  #names;
  #news = new NewClasses();

  /**
   * @param api
   * @param {() => void} changed is called when a class was renamed here
   */
  constructor(api, changed) {
    this.#names = new ClassNames(api, () => this.#redraw(), (label, to) => {
      this.#classes = this.#classes.map((entry) => (entry.label === label ? { ...entry, label: to } : entry));
      changed();
    });
    const heads = [h("th", { scope: "col", class: "label" }, "Class"), h("th", { scope: "col", class: "scale" }, h("span", { class: "hidden" }, "Log scale"), this.#axis),
      h("th", { scope: "col", class: "number" }, "Rows"), h("th", { scope: "col", class: "number" }, "Accuracy")];
    this.#bars = h("table", { class: "bars" }, h("caption", { class: "hidden" }, "Rows and accuracy of each class"), h("thead", null, h("tr", null, heads)), this.#barRows);
    this.#curveFrame = h("div", { class: "plot" }, this.#curve);
    const columns = ["Class", "Rank", "Rows", "Accuracy"].map((name) => h("th", { scope: "col" }, name));
    const table = h("table", { class: "list" }, h("caption", { class: "hidden" }, "Classes by their rows"), h("thead", null, h("tr", null, columns)), this.#listRows);
    this.#list = h("div", { class: "filter" }, h("label", { for: "class-filter" }, "Find a class"), this.#filter, this.#listNote,
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Classes by their rows" }, table));
    this.#filter.addEventListener("input", () => (this.#names.isEditing ? this.#names.cancel() : this.#drawList()));
    byId("classes").append(this.#empty, this.#bars, this.#curveFrame, this.#list, this.#names.element, this.#news.element);
    new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry.contentRect.width);
      if (!this.#curveFrame.hidden) this.#drawCurve();
      if (!this.#bars.hidden && !this.#names.isEditing) this.#drawBars();
    }).observe(byId("classes"));
  }

  /** Shows the classes of a model's details. */
  show({ name, version, evaluation }) {
    this.#names.follow(name);
    this.#news.follow(name, (evaluation?.classes ?? []).map(({ label }) => label), version);
    if (this.#names.isEditing) return;
    const classes = (evaluation?.classes ?? []).filter((entry) => isNumber(entry.count));
    this.#classes = classes.sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
    const isMany = classes.length > MOST_BARS;
    this.#empty.hidden = classes.length > 0;
    this.#bars.hidden = classes.length === 0 || isMany;
    this.#curveFrame.hidden = this.#list.hidden = !isMany;
    this.#names.element.hidden = classes.length === 0;
    setText(byId("classes-note"), classes.length > 0 ? `log scale from 1 row; ${ratio(classes)}` : "");
    this.#names.keepingFocus(() => {
      if (isMany) {
        this.#drawCurve();
        this.#drawList();
      } else if (classes.length > 0) {
        this.#drawBars();
      }
    });
  }

  /** Draws the labels again, whatever stands in their place. */
  #redraw() {
    this.#barRows.replaceChildren();
    this.#listRows.replaceChildren();
    if (!this.#bars.hidden) this.#drawBars();
    if (!this.#list.hidden) this.#drawList();
  }

  #drawBars() {
    const axis = countAxis(this.#classes.map((entry) => entry.count));
    const place = scale(axis, 0, 100);
    const ticks = apart(logTicks(axis.low, axis.high).filter((tick) => tick >= 1), place, (32 / Math.max(1, this.#axis.clientWidth)) * 100);
    fillList(this.#axis, ticks, () => h("span"), (label, tick) => {
      label.style.left = `${place(tick)}%`;
      setText(label, compact(tick));
    });
    fillList(
      this.#barRows,
      this.#classes,
      () => h("tr", null, h("th", { scope: "row", class: "label" }), h("td", { class: "bar" }), h("td"), h("td")),
      (row, { label, count: rows, accuracy }) => {
        const [name, bar, number, share] = row.children;
        this.#names.fill(name, label);
        fillList(bar, [...ticks, null], (tick) => h("span", { class: tick === null ? "fill" : "tick" }), (part, tick) => {
          part.className = tick === null ? "fill" : "tick";
          part.style.left = tick === null ? "" : `${place(tick)}%`;
          part.style.width = tick === null ? `${rows > 0 ? Math.max(0.5, place(rows)) : 0}%` : "";
        });
        setText(number, count(rows));
        setText(share, percent(accuracy, 1));
      },
    );
  }

  /** Rows over rank: a straight slope is an exponential tail. */
  #drawCurve() {
    if (this.#width === 0) return;
    const counts = this.#classes.map((entry) => entry.count);
    const [height, left, bottom, top, right] = [230, 44, 38, 8, 8];
    const axis = countAxis(counts);
    const up = scale(axis, height - bottom, top);
    const across = scale({ low: 0, high: counts.length }, left, this.#width - right);
    const grid = logTicks(axis.low, axis.high).filter((tick) => tick >= 1).flatMap((tick) => [
      s("line", { class: "grid", x1: left, x2: this.#width - right, y1: Math.round(up(tick)), y2: Math.round(up(tick)) }),
      s("text", { x: left - 6, y: up(tick) + 4, "text-anchor": "end" }, compact(tick)),
    ]);
    // More steps than pixels would draw nothing more.
    const stride = Math.max(1, Math.floor(counts.length / this.#width));
    let path = "";
    for (let rank = 0; rank < counts.length; rank += stride) {
      const y = (counts[rank] > 0 ? up(counts[rank]) : height - bottom).toFixed(1);
      path += `${rank === 0 ? "M" : "L"}${across(rank).toFixed(1)} ${y}L${across(Math.min(counts.length, rank + stride)).toFixed(1)} ${y}`;
    }
    const area = `${path}L${this.#width - right} ${height - bottom}L${left} ${height - bottom}Z`;
    const ends = [1, counts.length].map((rank, index) =>
      s("text", { x: index === 0 ? left : this.#width - right, y: height - bottom + 16, "text-anchor": index === 0 ? "start" : "end" }, count(rank)));
    this.#curve.setAttribute("viewBox", `0 0 ${this.#width} ${height}`);
    this.#curve.setAttribute("height", height);
    this.#curve.setAttribute("aria-label", `Rows over rank, on a log scale: ${count(counts.length)} classes, from ${count(counts[0])} rows to ${count(counts.at(-1))}`);
    this.#curve.replaceChildren(
      ...grid, s("path", { class: "area s0", d: area }), s("path", { class: "line s0", d: path }), ...ends,
      s("text", { x: (left + this.#width - right) / 2, y: height - 4, "text-anchor": "middle" }, "classes by rank · log scale from 1 row"),
    );
  }

  #drawList() {
    const wanted = this.#filter.value.trim().toLowerCase();
    const ranked = this.#classes.map((entry, index) => ({ ...entry, rank: index + 1 }));
    const found = wanted ? ranked.filter(({ label }) => label.toLowerCase().includes(wanted)) : ranked;
    const shown = found.slice(0, MOST_ROWS);
    setText(this.#listNote, found.length > shown.length ? `${count(shown.length)} of ${count(found.length)}, the most frequent first` : found.length === 0 ? "No label has that in it." : "");
    fillList(
      this.#listRows,
      shown,
      () => h("tr", null, h("th", { scope: "row" }), h("td"), h("td"), h("td")),
      (row, { label, rank, count: rows, accuracy }) => {
        const [name, ...cells] = row.children;
        this.#names.fill(name, label);
        [count(rank), count(rows), percent(accuracy, 1)].forEach((text, index) => setText(cells[index], text));
      },
    );
  }
}

/** The ticks whose labels do not touch, powers of ten first. */
function apart(ticks, place, distance) {
  const kept = [];
  for (const tick of ticks.toSorted((a, b) => (Math.log10(a) % 1 !== 0) - (Math.log10(b) % 1 !== 0) || a - b)) {
    if (kept.every((other) => Math.abs(place(other) - place(tick)) >= distance)) kept.push(tick);
  }
  return kept.toSorted((a, b) => a - b);
}

/** How unequal they are, in words. */
function ratio(classes) {
  const most = classes[0].count;
  const least = classes.findLast((entry) => entry.count > 0)?.count;
  if (!least) return "no rows";
  return most === least ? "all equal" : `the largest has ${rate(most / least)} × the rows of the smallest`;
}
