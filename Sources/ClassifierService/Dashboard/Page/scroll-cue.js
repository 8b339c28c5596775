// A box that scrolls sideways says so: a shade at the edge where there is more, and a line of text.

import { h } from "./dom.js";

/**
 * Wraps a box that may scroll sideways.
 *
 * @returns {HTMLElement} what goes onto the page instead of the box
 */
export function withCue(box) {
  const cue = h("p", { class: "cue", hidden: true, "aria-hidden": "true" }, "Scroll sideways for more →");
  const frame = h("div", { class: "cued" }, box, cue);
  const look = () => {
    const hidden = box.scrollWidth - box.clientWidth;
    const isLeft = hidden > 1 && box.scrollLeft > 1;
    const isRight = hidden > 1 && box.scrollLeft < hidden - 1;
    frame.classList.toggle("more-left", isLeft);
    frame.classList.toggle("more-right", isRight);
    cue.hidden = hidden <= 1;
  };
  box.addEventListener("scroll", look, { passive: true });
  const observer = new ResizeObserver(look);
  observer.observe(box);
  for (const child of box.children) observer.observe(child);
  return frame;
}
