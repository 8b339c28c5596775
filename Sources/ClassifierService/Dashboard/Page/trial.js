// A box to try a prediction.

import { modelPath } from "./api.js";
import { byId, h, setText } from "./dom.js";
import { count, figure, isNumber, percent } from "./format.js";

/** The classes asked for. */
const TOP = 5;

/**
 * Reads a vector: a JSON array, one that holds one, or numbers between commas, semicolons or blanks.
 *
 * @returns {{features: number[]} | {problem: string}}
 */
export function parseVector(text, dimension) {
  const trimmed = text.trim();
  if (trimmed === "") return { problem: `Enter ${count(dimension)} numbers.` };
  const { values, problem } = trimmed.startsWith("[") || trimmed.startsWith("{") ? fromJSON(trimmed) : fromList(trimmed);
  if (problem) return { problem };
  const wrong = values.findIndex((value) => typeof value !== "number" || !(Math.abs(value) <= 1e50));
  if (wrong >= 0) {
    const shown = String(JSON.stringify(values[wrong])).slice(0, 40);
    return { problem: `Value ${count(wrong + 1)} is ${shown}; expected a number of at most 1e50 in magnitude.` };
  }
  if (values.length !== dimension) {
    const difference = Math.abs(values.length - dimension);
    return { problem: `These are ${count(values.length)} numbers, ${count(difference)} too ${values.length < dimension ? "few" : "many"}: the model takes ${count(dimension)}.` };
  }
  return { features: values };
}

function fromJSON(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `That is no JSON: ${error.message}` };
  }
  // A whole body, as for curl.
  if (!Array.isArray(value)) value = value.features;
  if (!Array.isArray(value)) return { problem: "Expected an array of numbers." };
  if (!Array.isArray(value[0])) return { values: value };
  if (value.length > 1) return { problem: `These are ${count(value.length)} rows; enter one.` };
  return { values: value[0] };
}

function fromList(text) {
  const words = text.split(/[\s,;]+/).filter(Boolean);
  const wrong = words.findIndex((word) => !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(word));
  if (wrong >= 0) return { problem: `Value ${count(wrong + 1)} is “${words[wrong].slice(0, 40)}”; expected a number.` };
  return { values: words.map(Number) };
}

export class TrialPanel {
  #api;
  #details = null;
  #input = byId("trial-input");

  constructor(api) {
    this.#api = api;
    byId("trial").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#predict();
    });
    byId("trial-random").addEventListener("click", () => {
      const { dimension } = this.#details.config;
      this.#input.value = `[${Array.from({ length: dimension }, () => Math.random().toFixed(3).replace(/\.?0+$/, "")).join(", ")}]`;
      this.#predict();
    });
    this.#input.addEventListener("input", () => this.#complain(""));
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#predict();
    });
  }

  /** Follows the model; a result of another one goes. */
  show(details) {
    if (details.name !== this.#details?.name || details.config?.dimension !== this.#details?.config?.dimension) {
      byId("trial-result").replaceChildren();
      this.#complain("");
      this.#input.value = "";
    }
    this.#details = details;
    setText(byId("trial-note"), `${count(details.config?.dimension)} numbers`);
    this.#input.placeholder = "[0.1, 0.2, 0.3, …]";
  }

  #complain(text) {
    const message = byId("trial-message");
    setText(message, text);
    message.dataset.kind = "bad";
    this.#input.setAttribute("aria-invalid", String(text !== ""));
  }

  async #predict() {
    const { name, config, classes } = this.#details;
    const { features, problem } = parseVector(this.#input.value, config.dimension);
    if (problem) {
      this.#complain(problem);
      this.#input.focus();
      return;
    }
    if (classes === 0) {
      this.#complain("The model knows no class yet: it has learned no rows.");
      return;
    }
    this.#complain("");
    try {
      const body = JSON.stringify({ features: [features], top: TOP });
      // A server that calibrates says so in its details; another one refuses the parameter.
      const query = this.#details.calibration === undefined ? "" : "?probability=true";
      const answer = await this.#api.json(modelPath(name, `/predict${query}`), { method: "POST", body });
      if (this.#details.name === name) this.#showAnswer(answer);
    } catch (error) {
      if (this.#details.name === name) this.#complain(error.status ? `${error.status}: ${error.message}` : "The server did not answer.");
    }
  }

  #showAnswer({ predictions, version, weights, balanced_version: balanced, calibration }) {
    const { top } = predictions[0];
    const hasProbability = isNumber(top[0].probability);
    const most = Math.max(...top.map(({ score }) => score), 1e-9);
    const used = weights === "balanced" ? `balanced weights of version ${count(balanced)}` : "plain weights";
    const honest = hasProbability ? "" : calibration === null ? "; too few labels seen for probabilities" : "; scores are not probabilities";
    const heads = ["Class", "", "Score", ...(hasProbability ? ["Probability"] : [])];
    const lines = top.map(({ label, score, probability }) => {
      const width = 100 * (hasProbability ? probability : Math.max(0, score) / most);
      const bar = h("span", { class: "fill" });
      bar.style.width = `${Math.min(100, width)}%`;
      return h("tr", null, h("th", { scope: "row" }, label), h("td", null, bar), h("td", null, figure(score)),
        hasProbability ? h("td", null, percent(probability, 1)) : null);
    });
    byId("trial-result").replaceChildren(
      h("table", { class: "ranking" },
        h("caption", null, `Version ${count(version)}, ${used}${honest}`),
        h("thead", null, h("tr", null, heads.map((name, index) => (name === "" ? h("td") : h("th", { scope: "col", class: index > 1 ? "number" : "" }, name))))),
        h("tbody", null, lines)),
    );
  }
}
