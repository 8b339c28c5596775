// The axes of a line chart: where each starts is written at it.

import { linearTicks, logTicks } from "./axes.js";
import { s } from "./dom.js";

export const MARGIN = { top: 8, right: 12, bottom: 40, left: 48 };
/** About the width of a character, and what keeps labels apart. */
const LETTER = 6.5;
const GAP = 10;

/** The values' axis, with the grid. */
export function uprightAxis(up, { low, high, isLog }, { width }, { y: plain, yTick: show = plain }) {
  const ticks = isLog ? logTicks(low, high) : linearTicks(low, high, 5);
  return ticks.flatMap((tick) => {
    const y = Math.round(up(tick));
    return [
      s("line", { class: tick === low && !isLog ? "grid base" : "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
      s("text", { x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" }, show(tick)),
    ];
  });
}

/** The axis below, with a label where it starts, and its title. */
export function acrossAxis(across, { low, high }, values, { width, height }, options) {
  const show = options.xTick ?? options.x;
  const places = options.xTicks ?? linearTicks;
  const right = width - MARGIN.right;
  const y = height - MARGIN.bottom + 16;
  const free = MARGIN.left + LETTER * show(low).length + GAP;
  const labels = [];
  // From the right, where the newest is: what would overlap is left out.
  let limit = width;
  for (const tick of places(low, high, Math.max(3, Math.floor(width / 110))).reverse()) {
    const wide = LETTER * show(tick).length;
    const end = Math.min(across(tick) + wide / 2, right);
    if (end > limit || end - wide < free) continue;
    limit = end - wide - GAP;
    const isLast = end === right;
    labels.push(s("text", { x: isLast ? right : across(tick), y, "text-anchor": isLast ? "end" : "middle" }, show(tick)));
  }
  return [
    s("text", { class: "start", x: MARGIN.left, y, "text-anchor": "start" }, show(low)), ...labels,
    s("text", { class: "title", x: (MARGIN.left + right) / 2, y: height - 6, "text-anchor": "middle" }, title(values, options)),
  ];
}

/** What runs across, and where the values start if that is not 0. */
function title({ low, isLog }, { xTitle, y, yTick = y }) {
  if (isLog) return `${xTitle} · log scale from ${yTick(low)}`;
  return low > 0 ? `${xTitle} · vertical axis from ${yTick(low)}` : xTitle;
}
