// What was predicted in this tab lately; nothing of it is kept when the tab closes.

import { fillList, h, setText } from "./dom.js";
import { count, figure, isNumber, percent, plural, time } from "./format.js";

const MOST = 8;

export class RecentPredictions {
  #host;
  #entries = [];
  #list = h("ol", { class: "recent" });

  constructor(host) {
    this.#host = host;
    host.append(h("h3", null, "Recent predictions in this tab"), this.#list);
    this.#draw();
  }

  clear() {
    this.#entries = [];
    this.#draw();
  }

  /** Notes predictions of one request. */
  add(source, predictions, version) {
    this.#entries.unshift({ at: new Date(), source, what: summary(predictions), version });
    this.#entries.length = Math.min(this.#entries.length, MOST);
    this.#draw();
  }

  #draw() {
    this.#host.hidden = this.#entries.length === 0;
    fillList(this.#list, this.#entries, () => h("li", null, h("b"), h("span")), (item, { at, source, what, version }) => {
      setText(item.firstElementChild, what);
      setText(item.lastElementChild, `${time(at)}, ${source}, version ${count(version)}`);
    });
  }
}

/** The one label, or how many rows there were and the label most of them got. */
function summary(predictions) {
  const [{ label, score, probability, top }] = predictions;
  const chance = probability ?? top?.[0].probability;
  if (predictions.length === 1) return `${label} ${isNumber(chance) ? percent(chance, 1) : figure(score)}`;
  const counts = new Map();
  for (const { label: each } of predictions) counts.set(each, (counts.get(each) ?? 0) + 1);
  const [most, rows] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  return `${plural(predictions.length, "row")}, ${count(rows)} of them ${most}`;
}
