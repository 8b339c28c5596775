// What each balance would have got right: accuracy and balanced accuracy of rows before they were learned, over the balance.

import { byId, setText } from "./dom.js";
import { figure, isNumber, percent, plural } from "./format.js";
import { LineChart } from "./line-chart.js";

const LINES = [
  { name: "Accuracy", colour: 0, key: "accuracy" },
  { name: "Balanced accuracy", colour: 1, key: "balanced_accuracy" },
];

export class BalancePanel {
  #chart = new LineChart(byId("balance"), {
    title: "Accuracy over the balance",
    xTitle: "balance",
    x: figure,
    y: (value) => percent(value),
    yTick: (value) => percent(value, 0),
    axis: around,
    lines: LINES,
    height: 210,
    empty: "Nothing yet: this needs a temperature, which takes about 200 rows whose label was known when they came.",
  });

  /** Shows a model's details; a server that does not know of balance has nothing in them. */
  show({ config, evaluation }) {
    const { weights, samples, points } = evaluation?.balance ?? { points: [] };
    this.#chart.draw(points.map(({ balance }) => balance), LINES.map(({ key }) => points.map((point) => point[key])));
    const own = isNumber(config?.balance) ? `predictions have ${figure(config.balance)}` : "";
    setText(byId("balance-note"), points.length > 0 ? `${weights} weights, ${plural(samples, "row")}; ${own}` : own);
  }
}

/** The values with a little room, in steps that are round: a small difference is what matters. */
function around(values) {
  const lowest = values.reduce((a, b) => Math.min(a, b), 1);
  const highest = values.reduce((a, b) => Math.max(a, b), 0);
  const low = Math.floor(lowest * 20) / 20;
  return { low, high: Math.min(1, Math.max(low + 0.05, Math.ceil(highest * 20) / 20)) };
}
