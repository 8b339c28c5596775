// Test-then-train accuracy over the stream: what the model said of rows before it learned them.

import { byId, setText } from "./dom.js";
import { compact, count, percent } from "./format.js";
import { LineChart } from "./line-chart.js";

/** As the server: at most so many points, by a stride that doubles. */
const CAPACITY = 512;

const LINES = [
  { name: "Accuracy, window", colour: 0, key: "window_accuracy" },
  { name: "Balanced accuracy, window", colour: 1, key: "window_balanced_accuracy" },
  { name: "Accuracy, all rows", colour: 0, key: "accuracy", isFaint: true },
  { name: "Balanced accuracy, all rows", colour: 1, key: "balanced_accuracy", isFaint: true },
];

export class StreamPanel {
  #points = [];
  #sinceOpened = false;
  #chart = new LineChart(byId("stream"), {
    title: "Accuracy over the stream",
    xTitle: "rows predicted",
    x: count,
    xTick: compact,
    y: (value) => percent(value),
    yTick: (value) => percent(value, 0),
    axis: shares,
    lines: LINES,
    height: 300,
    empty: "No row has been predicted before it was learned yet. The first request of a model is not, nor are rows that a start reads from the log.",
  });

  /** Begins with what the server remembers; null where it does not. */
  begin(history) {
    this.#points = history?.points ?? [];
    this.#sinceOpened = history === null;
    this.#draw();
  }

  /** Goes on with the details of a model. */
  add({ evaluation }) {
    const evaluated = evaluation?.evaluated_samples ?? 0;
    const window = evaluation?.window ?? {};
    setText(byId("stream-note"), this.#note(window));
    if (evaluated === 0) return;
    // A history that was read after the details may be ahead of them; the newest point is what the figures say.
    while (this.#points.at(-1)?.evaluated_samples >= evaluated) this.#points.pop();
    this.#points.push({
      evaluated_samples: evaluated,
      accuracy: evaluation.accuracy,
      balanced_accuracy: evaluation.balanced_accuracy,
      window_accuracy: window.accuracy,
      window_balanced_accuracy: window.balanced_accuracy,
    });
    this.#thin();
    this.#draw();
  }

  #note({ capacity }) {
    const span = capacity ? `window: the last ${count(capacity)} rows` : "";
    return this.#sinceOpened ? `${span}; since this page was opened` : span;
  }

  /** Keeps the first point of every part of the stream, and the newest. */
  #thin() {
    let stride = 1;
    while (this.#points.at(-1).evaluated_samples / stride >= CAPACITY) stride *= 2;
    let part = -1;
    const newest = this.#points.at(-1);
    this.#points = this.#points.filter((point) => {
      const own = Math.floor(point.evaluated_samples / stride);
      const isFirst = own !== part;
      part = own;
      return isFirst || point === newest;
    });
  }

  #draw() {
    this.#chart.draw(
      this.#points.map((point) => point.evaluated_samples),
      LINES.map(({ key }) => this.#points.map((point) => point[key])),
    );
  }
}

/** From the lowest share to 100 %, in steps that are round; a curve near the top fills the chart. */
function shares(values) {
  const lowest = values.reduce((a, b) => Math.min(a, b), 1);
  return { low: [0.95, 0.9, 0.8, 0.6, 0.5, 0.4, 0.2, 0].find((bound) => bound <= lowest), high: 1 };
}
