// Classes that came while this page watched the model, the newest first.

import { fillList, h, setText } from "./dom.js";
import { count, time } from "./format.js";

const MOST = 6;

export class NewClasses {
  #model = null;
  #known = [];
  #news = [];
  #total = 0;
  #title = h("h3");
  #list = h("ol", { class: "recent" });
  element = h("div", { class: "news", hidden: true }, this.#title, this.#list);

  /** Compares a model's classes, in the model's order, to those it had before. */
  follow(model, labels, version) {
    if (model !== this.#model) {
      this.#model = model;
      this.#news = [];
      this.#total = 0;
    } else {
      this.#compare(labels, version);
    }
    this.#known = labels;
    this.#draw();
  }

  #compare(labels, version) {
    const before = new Set(this.#known);
    const now = new Set(labels);
    const added = labels.filter((label) => !before.has(label));
    // A renamed class keeps its place.
    const places = new Map(this.#known.map((label, index) => [labels[index], label]));
    const isRename = labels.length === this.#known.length;
    for (const label of added) {
      const old = isRename ? places.get(label) : undefined;
      if (old === undefined || now.has(old)) {
        this.#news.unshift({ label, version, at: new Date() });
        this.#total += 1;
      } else {
        for (const entry of this.#news) if (entry.label === old) entry.label = label;
      }
    }
    this.#news.length = Math.min(this.#news.length, MOST);
  }

  #draw() {
    this.element.hidden = this.#news.length === 0;
    const some = this.#total > this.#news.length ? `, the newest ${count(this.#news.length)} of ${count(this.#total)}` : "";
    setText(this.#title, `New since this page was opened${some}`);
    fillList(this.#list, this.#news, () => h("li", null, h("b"), h("span")), (item, { label, version, at }) => {
      setText(item.firstElementChild, label);
      setText(item.lastElementChild, `${time(at)}, version ${count(version)}`);
    });
  }
}
