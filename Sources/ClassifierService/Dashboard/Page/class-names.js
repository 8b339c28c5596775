// Renames a class where its label stands.

import { modelPath } from "./api.js";
import { h, setText } from "./dom.js";

export class ClassNames {
  #api;
  #model = null;
  #isOn = false;
  #editor = null;
  #redraw;
  #renamed;
  #message = h("p", { class: "message", role: "status" });
  #switch = h("button", { type: "button", "aria-pressed": "false", onclick: () => this.#toggle() }, "Rename a class");
  element = h("div", { class: "renaming" }, this.#switch, this.#message);

  /**
   * @param api
   * @param {() => void} redraw draws all labels again, from nothing
   * @param {(label: string, to: string) => void} renamed runs after the server has renamed the class
   */
  constructor(api, redraw, renamed) {
    this.#api = api;
    this.#redraw = redraw;
    this.#renamed = renamed;
  }

  /** While a label is edited nothing may move under the hands. */
  get isEditing() {
    return this.#editor !== null;
  }

  /** Gives up what is being edited. */
  cancel() {
    if (this.#editor) this.#close();
  }

  /** Follows the model; what was begun at another one ends. */
  follow(model) {
    if (model === this.#model) return;
    this.#model = model;
    setText(this.#message, "");
    this.cancel();
  }

  /** Draws what has changed. Rows change places: the focus stays with its label. */
  keepingFocus(draw) {
    const held = document.activeElement;
    const body = held?.matches("button.name") ? held.closest("tbody") : null;
    const label = held?.textContent;
    draw();
    if (body && held.textContent !== label) buttonOf(body, label)?.focus();
  }

  /** Shows a label in a cell, as a button where it can be renamed. */
  fill(cell, label) {
    const button = cell.firstElementChild;
    if (this.#isOn !== (button !== null)) {
      cell.replaceChildren(this.#isOn
        ? h("button", { type: "button", class: "name", onclick: ({ currentTarget }) => this.#open(currentTarget) }, label)
        : label);
    } else {
      setText(button ?? cell, label);
    }
    cell.firstElementChild?.setAttribute("aria-label", `Rename ${label}`);
    cell.title = label;
  }

  #toggle() {
    this.#isOn = !this.#isOn;
    this.cancel();
    this.#switch.setAttribute("aria-pressed", String(this.#isOn));
    this.#say(this.#isOn ? "Choose the label of a class." : "");
    this.#redraw();
  }

  #say(text, kind = "") {
    setText(this.#message, text);
    this.#message.dataset.kind = kind;
  }

  #open(button) {
    this.cancel();
    const label = button.textContent;
    const row = button.closest("tr");
    // One line that keeps the line ends of a label.
    const field = h("textarea", { id: "rename-field", rows: "1", spellcheck: "false", autocomplete: "off", "aria-describedby": "rename-problem" });
    field.value = label;
    const problem = h("p", { class: "message", id: "rename-problem", role: "alert", "data-kind": "bad" });
    const form = h("form", { class: "rename", novalidate: true, onsubmit: (event) => this.#submit(event) },
      h("label", { for: "rename-field" }, "New label of the class"), field, problem,
      h("div", { class: "buttons" }, h("button", { type: "submit", class: "primary" }, "Rename"),
        h("button", { type: "button", onclick: () => this.#close(label) }, "Cancel")));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close(label);
      if (event.key !== "Enter" || event.target !== field || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    // The field may have changed the label's line ends.
    this.#editor = { label, begun: field.value, row, field, problem };
    row.replaceChildren(h("td", { colspan: "4" }, form));
    field.focus();
    field.select();
  }

  /** Ends editing, with the focus on a label where one is named. */
  #close(label) {
    const body = this.#editor.row.parentElement;
    this.#editor = null;
    this.#redraw();
    if (label === undefined) return;
    (buttonOf(body, label) ?? this.#switch).focus();
  }

  async #submit(event) {
    event.preventDefault();
    const editor = this.#editor;
    const { label, begun, field, problem } = editor;
    const to = field.value;
    if (to === begun) return this.#close(label);
    if (editor.isSent) return;
    // A URL cannot end in these: they stand for folders.
    if (label === "." || label === "..") {
      setText(problem, "A browser cannot send this label in an address. Use curl with --path-as-is.");
      return;
    }
    editor.isSent = true;
    try {
      const path = modelPath(this.#model, `/classes/${encodeURIComponent(label)}`);
      await this.#api.json(path, { method: "PATCH", body: JSON.stringify({ label: to }) });
      if (this.#editor !== editor) return;
      this.#renamed(label, to);
      this.#close(to);
      this.#say("Renamed. Rows that come with the old label from now on make a new class.");
    } catch (error) {
      editor.isSent = false;
      if (this.#editor !== editor) return;
      setText(problem, error.status ? `${error.status}: ${error.message}` : "The server did not answer.");
      field.focus();
    }
  }
}

const buttonOf = (body, label) => [...(body?.querySelectorAll("button.name") ?? [])].find((button) => button.textContent === label);
