// The list of models: links at the side, a select on a phone. Which model is shown is in the address, after #/models/.

import { byId, fillList, h, setText } from "./dom.js";
import { count, isNumber, plural } from "./format.js";

const PREFIX = "#/models/";

/** The model that the address names; null where it names none. */
export function routedModel() {
  if (!location.hash.startsWith(PREFIX)) return null;
  try {
    return decodeURIComponent(location.hash.slice(PREFIX.length)) || null;
  } catch {
    return null;
  }
}

export const linkTo = (name) => PREFIX + encodeURIComponent(name);

/** Shows the list and which model of it is looked at. */
export function showModels(models, current) {
  fillList(
    byId("model-links"),
    models,
    () => h("li", null, h("a", null, h("span"), h("small"))),
    (item, model) => {
      const link = item.firstElementChild;
      link.href = linkTo(model.name);
      if (model.name === current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
      setText(link.firstElementChild, model.name);
      setText(link.lastElementChild, describe(model));
      if (model.state) link.dataset.state = model.state;
      else delete link.dataset.state;
    },
  );
  const select = byId("model-select");
  // A model that is looked at and not there has an entry all the same.
  const names = models.map(({ name }) => name);
  if (current !== null && !names.includes(current)) names.unshift(current);
  fillList(select, names, () => h("option"), (option, name) => {
    option.value = name;
    setText(option, name);
  });
  select.disabled = names.length === 0;
  if (current !== null && document.activeElement !== select) select.value = current;
}

/** What the list says of a model: how large it is, or why it cannot be used. */
function describe({ state, samples, classes }) {
  if (state === "lost") return "could not be recovered";
  if (state === "recovering" && !isNumber(samples)) return "being recovered";
  const size = `${count(samples)} rows, ${plural(classes, "class", "classes")}`;
  if (state === "recovering") return `${size}, being recovered`;
  return state === "stopped" ? `${size}, stopped` : size;
}

/** Follows the select. */
export function onChoice(choose) {
  byId("model-select").addEventListener("change", (event) => choose(event.target.value));
}
