// A box to try predictions: from a pasted line, from a file, or of random numbers.

import { modelPath } from "./api.js";
import { byId, setText } from "./dom.js";
import { bytes, count, figure, isNumber } from "./format.js";
import { RecentPredictions } from "./recent.js";
import { parseRows } from "./rows.js";
import { answerTable } from "./trial-answer.js";

/** The classes asked for. */
const TOP = 5;
/** The share of rows whose sets of labels contain the right one. */
const COVERAGE = 0.9;
/** Rows that are sent of a longer text. */
const MOST_ROWS = 200;
const LARGEST_FILE = 16_000_000;
/** Files that go to the server as they are, by the end of their names. */
const FORWARDED = { npy: "application/x-npy", npz: "application/x-npz", safetensors: "application/vnd.safetensors" };

export class TrialPanel {
  #api;
  #details = null;
  #input = byId("trial-input");
  #file = byId("trial-file");
  #balance = byId("trial-balance");
  /** What the slider was set to; null while it follows the model. */
  #chosen = null;
  #recent = new RecentPredictions(byId("trial-recent"));

  constructor(api) {
    this.#api = api;
    byId("trial").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#predictText(this.#input.value, "pasted");
    });
    byId("trial-random").addEventListener("click", () => {
      const { dimension } = this.#details.config;
      this.#input.value = `[${Array.from({ length: dimension }, () => Math.random().toFixed(3).replace(/\.?0+$/, "")).join(", ")}]`;
      this.#predictText(this.#input.value, "random numbers");
    });
    this.#input.addEventListener("input", () => this.#complain(""));
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#predictText(this.#input.value, "pasted");
    });
    this.#balance.addEventListener("input", () => {
      this.#chosen = Number(this.#balance.value);
      this.#showBalance();
    });
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files;
      if (file) this.#predictFile(file);
    });
  }

  /** Follows the model; a result of another one goes. */
  show(details) {
    if (details.name !== this.#details?.name || details.config?.dimension !== this.#details?.config?.dimension) {
      byId("trial-result").replaceChildren();
      this.#complain("");
      this.#input.value = "";
      this.#file.value = "";
      this.#recent.clear();
      this.#chosen = null;
    }
    this.#details = details;
    setText(byId("trial-note"), `${count(details.config?.dimension)} numbers`);
    this.#input.placeholder = "[0.1, 0.2, 0.3, …]";
    this.#showBalance();
  }

  /** Shows the slider, if the server knows of balance: as chosen, or as the model has it. */
  #showBalance() {
    const own = this.#details?.config?.balance;
    byId("trial-balance-field").hidden = !isNumber(own);
    if (!isNumber(own)) return;
    const value = this.#chosen ?? own;
    if (this.#chosen === null) this.#balance.value = String(own);
    setText(byId("trial-balance-value"), this.#chosen === null ? `${figure(value)}, as the model has it` : figure(value));
  }

  #complain(text, field = this.#input) {
    const message = byId("trial-message");
    setText(message, text);
    message.dataset.kind = "bad";
    for (const each of [this.#input, this.#file]) each.setAttribute("aria-invalid", String(text !== "" && each === field));
    if (text !== "") field.focus();
  }

  async #predictFile(file) {
    const name = this.#details.name;
    if (file.size > LARGEST_FILE) return this.#complain(`${file.name} has ${bytes(file.size)}; this page reads at most ${bytes(LARGEST_FILE)}.`, this.#file);
    const type = FORWARDED[/\.(\w+)$/.exec(file.name)?.[1].toLowerCase()];
    try {
      if (type) return await this.#predict({ body: file, type, query: [`top=${TOP}`], source: file.name, field: this.#file });
      const text = await file.text();
      if (this.#details.name === name) await this.#predictText(text, file.name, this.#file);
    } catch (error) {
      this.#complain(`${file.name} cannot be read: ${error.message}`, this.#file);
    } finally {
      // So that the same file can be chosen again.
      this.#file.value = "";
    }
  }

  async #predictText(text, source, field = this.#input) {
    const { rows, labels, problem } = parseRows(text, this.#details.config.dimension);
    if (problem) return this.#complain(problem, field);
    const body = JSON.stringify({ features: rows.slice(0, MOST_ROWS), top: TOP });
    await this.#predict({ body, labels, total: rows.length, source, field });
  }

  /** What else to ask for. A server says in its details what it knows; one that does not know a parameter refuses it. */
  #extras() {
    const { calibration, balanced_calibration: balancedCalibration, balanced_version: balancedVersion } = this.#details;
    if (calibration === undefined) return [];
    const served = isNumber(balancedVersion) ? balancedCalibration : calibration;
    const hasSets = served?.coverage?.some(({ level }) => level === COVERAGE);
    return ["probability=true", "novelty=true", ...(hasSets ? [`coverage=${COVERAGE}`] : [])];
  }

  async #predict({ body, type, query = [], labels = [], total, source, field }) {
    const { name, classes } = this.#details;
    if (classes === 0) return this.#complain("The model knows no class yet: it has learned no rows.", field);
    this.#complain("");
    const parameters = [...query, ...this.#extras(), ...(this.#chosen === null ? [] : [`balance=${this.#chosen}`])].join("&");
    try {
      const answer = await this.#api.json(modelPath(name, `/predict${parameters && `?${parameters}`}`), { method: "POST", body, type });
      if (this.#details.name !== name) return;
      const found = answer.predictions.slice(0, MOST_ROWS).map((prediction, index) => ({ ...prediction, given: labels[index] ?? null }));
      if (found.length === 0) return this.#complain("There is no row in it.", field);
      byId("trial-result").replaceChildren(answerTable(answer, found, total ?? answer.predictions.length));
      this.#recent.add(source, found, answer.version);
    } catch (error) {
      if (this.#details.name === name) this.#complain(error.status ? `${error.status}: ${error.message}` : "The server did not answer.", field);
    }
  }
}
