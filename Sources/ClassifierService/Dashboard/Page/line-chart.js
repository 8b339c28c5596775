// A line chart in SVG. The pointer or, with focus on it, the arrow keys pick a point, whose values the legend then shows; a table is
// behind it.

import { scale } from "./axes.js";
import { MARGIN, acrossAxis, uprightAxis } from "./chart-axes.js";
import { fillList, h, s, setText } from "./dom.js";
import { NONE, isNumber } from "./format.js";
import { TableBehind } from "./table-behind.js";

/** The largest height in a chart that is as narrow as on a phone. */
const NARROW = 480;
const LOW = 210;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {number} colour 0 to 3
 * @property {boolean} [isFaint] dashed and thin
 */

export class LineChart {
  #options;
  #data = { x: [], lines: [] };
  #picked = null;
  #width = 0;
  #legend = h("ul", { class: "legend" });
  #svg = s("svg", { "aria-hidden": "true", focusable: "false" });
  #plot;
  #table;
  #empty;

  /**
   * @param {HTMLElement} host
   * @param {object} options
   * @param {string} options.title what a screen reader calls it
   * @param {string} options.xTitle
   * @param {(x: number) => string} options.x shows a place
   * @param {(x: number) => string} [options.xTick] shows it under the axis
   * @param {(low: number, high: number, wanted: number) => number[]} [options.xTicks] where those labels are
   * @param {number} [options.span] what the x axis spans at least
   * @param {(y: number) => string} options.y shows a value
   * @param {(y: number) => string} [options.yTick] shows it at the axis
   * @param {(values: number[]) => {low: number, high: number, isLog?: boolean}} options.axis
   * @param {Line[]} options.lines
   * @param {number} options.height
   * @param {string} options.empty said while there is nothing to draw
   */
  constructor(host, options) {
    this.#options = options;
    this.#plot = h("div", { class: "plot", tabindex: "0", role: "slider", "aria-label": options.title, "aria-orientation": "horizontal" }, this.#svg);
    this.#table = new TableBehind(options.title, [options.xTitle, ...options.lines.map(({ name }) => name)]);
    this.#empty = h("p", { class: "empty" }, options.empty);
    host.append(this.#empty, this.#legend, this.#plot, this.#table.element);
    this.#plot.addEventListener("pointermove", (event) => this.#pickNear(event));
    this.#plot.addEventListener("pointerdown", (event) => this.#pickNear(event));
    this.#plot.addEventListener("pointerleave", () => this.#pick(null));
    this.#plot.addEventListener("blur", () => this.#pick(null));
    this.#plot.addEventListener("keydown", (event) => this.#step(event));
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width === this.#width || width === 0) return;
      this.#width = width;
      this.#render();
    }).observe(this.#plot);
    this.draw([], options.lines.map(() => []));
  }

  /** Says something else while there is nothing to draw. */
  set empty(text) {
    setText(this.#empty, text);
  }

  /**
   * Draws lines.
   *
   * @param {number[]} x ascending
   * @param {(number | null)[][]} lines the values of each, null where there is none
   */
  draw(x, lines) {
    this.#data = { x, lines };
    if (this.#picked !== null && this.#picked >= x.length) this.#picked = null;
    const hasPoints = lines.some((line) => line.some(isNumber));
    this.#empty.hidden = hasPoints;
    for (const part of [this.#legend, this.#plot, this.#table.element]) part.hidden = !hasPoints;
    this.#table.rows = () => this.#rows();
    this.#render();
  }

  /** Every point, or of many every nth, the newest first. */
  #rows() {
    const { x, lines } = this.#data;
    const stride = Math.ceil(x.length / 64);
    const indices = x.map((_, index) => index).filter((index) => (x.length - 1 - index) % stride === 0).reverse();
    return indices.map((index) => [this.#options.x(x[index]), ...lines.map((line) => this.#options.y(line[index]))]);
  }

  // Drawing

  #scales() {
    const { x, lines } = this.#data;
    const domain = this.#options.axis(lines.flat().filter(isNumber));
    const across = scale({ low: this.#low(), high: x.at(-1) }, MARGIN.left, this.#width - MARGIN.right);
    const up = scale(domain, this.#height - MARGIN.bottom, MARGIN.top);
    return { across, up, domain };
  }

  get #height() {
    const { height } = this.#options;
    return this.#width < NARROW ? Math.min(height, LOW) : height;
  }

  /** Where the x axis begins. */
  #low() {
    const { x } = this.#data;
    return Math.min(x[0], x.at(-1) - (this.#options.span ?? 0));
  }

  #render() {
    const { x, lines } = this.#data;
    this.#renderLegend();
    this.#describe();
    if (x.length === 0 || this.#width === 0) return;
    const options = this.#options;
    const height = this.#height;
    const frame = { width: this.#width, height };
    const { across, up, domain } = this.#scales();
    this.#svg.setAttribute("viewBox", `0 0 ${this.#width} ${height}`);
    this.#svg.setAttribute("height", height);
    this.#svg.replaceChildren(
      ...uprightAxis(up, domain, frame, options),
      ...acrossAxis(across, { low: this.#low(), high: x.at(-1) }, domain, frame, options),
      ...lines.flatMap((line, index) => this.#line(line, options.lines[index], across, up)),
      ...this.#cross(across, up),
    );
  }

  #line(values, { colour, isFaint }, across, up) {
    const { x } = this.#data;
    let path = "";
    let isDown = false;
    const alone = [];
    values.forEach((value, index) => {
      if (!isNumber(value)) {
        isDown = false;
        return;
      }
      path += `${isDown ? "L" : "M"}${across(x[index]).toFixed(1)} ${up(value).toFixed(1)}`;
      if (!isDown && !isNumber(values[index + 1])) alone.push(s("circle", { class: `s${colour}`, cx: across(x[index]), cy: up(value), r: 2.5 }));
      isDown = true;
    });
    return [s("path", { class: `line s${colour}${isFaint ? " faint" : ""}`, d: path }), ...alone];
  }

  #cross(across, up) {
    if (this.#picked === null) return [];
    const { x, lines } = this.#data;
    const place = across(x[this.#picked]);
    const line = s("line", { class: "cross", x1: place, x2: place, y1: MARGIN.top, y2: this.#height - MARGIN.bottom });
    const dots = lines.map((values, index) => {
      const value = values[this.#picked];
      return isNumber(value) ? s("circle", { class: `s${this.#options.lines[index].colour}`, cx: place, cy: up(value), r: 4 }) : null;
    });
    return [line, ...dots.filter(Boolean)];
  }

  // Picking

  #pickNear(event) {
    const { x } = this.#data;
    if (x.length === 0) return;
    const box = this.#plot.getBoundingClientRect();
    const { across } = this.#scales();
    const target = event.clientX - box.left;
    let low = 0;
    let high = x.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (across(x[middle]) < target) low = middle + 1;
      else high = middle;
    }
    this.#pick(low > 0 && target - across(x[low - 1]) < across(x[low]) - target ? low - 1 : low);
  }

  #step(event) {
    const last = this.#data.x.length - 1;
    const at = this.#picked ?? last;
    const page = Math.max(1, Math.round(last / 10));
    const target = {
      ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - page, PageUp: at + page, Home: 0, End: last,
    }[event.key];
    if (event.key === "Escape") this.#pick(null);
    if (target === undefined || last < 0) return;
    event.preventDefault();
    this.#pick(Math.min(last, Math.max(0, target)));
  }

  #pick(index) {
    if (index === this.#picked) return;
    this.#picked = index;
    this.#render();
  }

  #renderLegend() {
    const { lines, y } = this.#options;
    const at = this.#picked ?? this.#data.x.length - 1;
    fillList(
      this.#legend,
      lines,
      (line) => h("li", null, h("i", { class: `s${line.colour}${line.isFaint ? " faint" : ""}`, "aria-hidden": "true" }), h("span", null, line.name), h("b")),
      (item, _, index) => setText(item.lastElementChild, at < 0 ? NONE : y(this.#data.lines[index]?.[at])),
    );
  }

  /** Says in words what is picked. */
  #describe() {
    const { x, lines } = this.#data;
    const at = this.#picked ?? x.length - 1;
    const values = lines.map((line, index) => `${this.#options.lines[index].name} ${this.#options.y(line[at])}`);
    this.#plot.setAttribute("aria-valuemin", 0);
    this.#plot.setAttribute("aria-valuemax", Math.max(0, x.length - 1));
    this.#plot.setAttribute("aria-valuenow", Math.max(0, at));
    this.#plot.setAttribute("aria-valuetext", at < 0 ? "nothing yet" : `${this.#options.xTitle} ${this.#options.x(x[at])}: ${values.join(", ")}`);
  }
}
