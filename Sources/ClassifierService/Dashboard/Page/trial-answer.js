// What the server predicted: the best classes of one row, or the best one of each of several.

import { h } from "./dom.js";
import { count, figure, isNumber, percent, plural } from "./format.js";
import { withCue } from "./scroll-cue.js";

/**
 * A table of predictions.
 *
 * @param answer the server's answer
 * @param found the predictions to show, each with `given`, the label that came with the row, or null
 * @param total the rows there were
 */
export function answerTable(answer, found, total) {
  return found.length === 1 && total === 1 ? ranking(answer, found[0]) : rowTable(answer, found, total);
}

/** Which weights said so, and what the numbers are. */
function origin({ version, weights, balanced_version: balanced, calibration, balance }, hasProbability) {
  const used = weights === "balanced" ? `balanced weights of version ${count(balanced)}` : "plain weights";
  const honest = hasProbability ? "" : calibration === null ? "; too few labels seen for probabilities" : "; scores are not probabilities";
  const even = isNumber(balance) && balance > 0 ? `, balance ${figure(balance)}` : balance === null ? ", no balance yet" : "";
  return `Version ${count(version)}, ${used}${even}${honest}`;
}

/** How unlike the rows learned a row is, and the labels that contain the right one for most rows. */
function beside({ coverage }, { novelty, set }) {
  const unlike = isNumber(novelty) ? `; novelty ${figure(novelty)}` : "";
  if (!coverage || !set) return unlike;
  return `${unlike}; the set for ${percent(coverage.level, 0)} of rows: ${set.length === 0 ? "no class" : set.join(", ")}`;
}

function ranking(answer, { top, given, ...more }) {
  const hasProbability = isNumber(top[0].probability);
  const most = Math.max(...top.map(({ score }) => score), 1e-9);
  const heads = ["Class", "", "Score", ...(hasProbability ? ["Probability"] : [])];
  const lines = top.map(({ label, score, probability }) => {
    const width = 100 * (hasProbability ? probability : Math.max(0, score) / most);
    const bar = h("span", { class: "fill" });
    bar.style.width = `${Math.min(100, width)}%`;
    return h("tr", null, h("th", { scope: "row" }, label), h("td", null, bar), h("td", null, figure(score)),
      hasProbability ? h("td", null, percent(probability, 1)) : null);
  });
  const verdict = given === null ? "" : `. The line says “${given}”: ${given === top[0].label ? "right" : "wrong"}`;
  return h("table", { class: "ranking" },
    h("caption", null, `${origin(answer, hasProbability)}${beside(answer, more)}${verdict}`),
    h("thead", null, h("tr", null, heads.map((name, index) => (name === "" ? h("td") : h("th", { scope: "col", class: index > 1 ? "number" : "" }, name))))),
    h("tbody", null, lines));
}

function rowTable(answer, found, total) {
  const hasProbability = isNumber(found[0].probability ?? found[0].top?.[0].probability);
  const labelled = found.filter(({ given }) => given !== null);
  const right = labelled.filter(({ given, label }) => given === label).length;
  const notes = [origin(answer, hasProbability)];
  notes.push(total > found.length ? `the first ${count(found.length)} of ${plural(total, "row")}` : plural(total, "row"));
  if (labelled.length > 0) notes.push(`${count(right)} of ${count(labelled.length)} labels right`);
  const hasNovelty = isNumber(found[0].novelty);
  const heads = ["Row", "Class", hasProbability ? "Probability" : "Score", ...(hasNovelty ? ["Novelty"] : []), ...(labelled.length > 0 ? ["The row says"] : [])];
  const lines = found.map(({ label, score, probability, novelty, top, given }, index) =>
    h("tr", { class: given !== null && given !== label ? "wrong" : "" }, h("th", { scope: "row" }, count(index + 1)), h("td", { class: "name" }, label),
      h("td", null, hasProbability ? percent(probability ?? top?.[0].probability, 1) : figure(score)),
      hasNovelty ? h("td", null, figure(novelty)) : null,
      labelled.length > 0 ? h("td", { class: "name" }, given === null ? "" : given === label ? "the same" : given) : null));
  const table = h("table", { class: "list answers" }, h("caption", null, notes.join("; ")),
    h("thead", null, h("tr", null, heads.map((name) => h("th", { scope: "col" }, name)))), h("tbody", null, lines));
  return withCue(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Predictions of the rows" }, table));
}
