// The few things the page needs of the document. Text goes in as text: labels and names come from clients.

const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") element.setAttribute("class", value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
};

/** An HTML element. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** An element of the page. */
export const byId = (id) => document.getElementById(id);

/** Sets text, touching nothing where it is the same: a screen reader then has nothing to say again. */
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/** A number with the exact value behind what is shown of it. */
export const datum = (value, text) => h("data", { value: value ?? "" }, text);

/**
 * Fills a container with items, keeping what is there: focus and scroll position survive.
 *
 * @param items their data, one child each
 * @param make makes a child, without its data
 * @param update brings a child up to date
 */
export const fillList = (container, items, make, update) => {
  while (container.childElementCount > items.length) container.lastElementChild.remove();
  items.forEach((item, index) => {
    let child = container.children[index];
    if (!child) {
      child = make(item, index);
      container.append(child);
    }
    update(child, item, index);
  });
};

/** Fills a table's body with rows of texts, the first of each a header. */
export const fillRows = (body, rows) => {
  fillList(
    body,
    rows,
    (row) => h("tr", null, row.map((_, index) => (index === 0 ? h("th", { scope: "row" }) : h("td")))),
    (line, row) => row.forEach((text, index) => setText(line.children[index], text)),
  );
};
