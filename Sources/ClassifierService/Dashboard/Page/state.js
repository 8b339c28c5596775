// How the model is doing: its files, its numerics, its balanced weights, its queue.

import { byId, fillList, h, setText } from "./dom.js";
import { bytes, count, figure, isNumber, percent, plural, seconds } from "./format.js";

/** What a line means and what to do about it, shown on demand. */
const MEANINGS = {
  Queue: "Requests that change the model wait here for their turn. Predictions do not wait.",
  Drift: "The weights are updated row by row; the sums of all rows are kept beside them. Drift is how far rounding has moved the two "
    + "apart: 0 is perfect, up to 10⁻⁸ is normal. If it grows, the server computes the weights from the sums again by itself. If it "
    + "stays above 10⁻⁶, scale the features: some are very much larger than others.",
  Condition: "How strongly the data and the ridge magnify rounding errors: 1 is best. Beyond 10¹² fewer than four digits of the weights "
    + "are certain, and the model is called ill-conditioned: centre and scale the features, or take a larger ridge.",
  Exact: "Whether the sums still hold all digits of the rows learned. They lose some if very much larger rows were learned and are gone.",
  "Solved again": "How often the weights were solved again from the sums: after drift, a new ridge, or unlearned rows.",
  "Balanced weights": "A second set of weights in which rare classes count for more than their rows. They are made in the background, so "
    + "they may be some versions behind.",
  Calibration: "The temperature turns scores into probabilities. The error is how far these are from the share that was right, before "
    + "and after.",
};

const NOT_TOLD = ["–", ""];

/** Each line has a title and gives [text, kind]; a member that this server does not have, or not yet, is a dash. */
const LINES = [
  ["Learning", learning],
  ["Queue", ({ queue_depth: depth }) => (isNumber(depth) ? [depth === 0 ? "empty" : `${plural(depth, "request")} waiting`] : NOT_TOLD)],
  ["Log", ({ log_bytes: log }) => (log === null ? ["none: in memory only"] : isNumber(log) ? [`${bytes(log)} since the checkpoint`] : NOT_TOLD)],
  ["Checkpoint", checkpoint],
  ["Drift", ({ drift }) => (isNumber(drift) ? [`${figure(drift)} from the sums`] : NOT_TOLD)],
  ["Condition", condition],
  ["Exact", exactness],
  ["Solved again", ({ solves }) => (isNumber(solves) ? [solves === 0 ? "never" : solves === 1 ? "once" : `${count(solves)} times`] : NOT_TOLD)],
  ["Balanced weights", balanced],
  ["Last rebalance", rebalance],
  ["Calibration", calibration],
  ["Memory", ({ memory_bytes: memory }) => (isNumber(memory) ? [bytes(memory)] : NOT_TOLD)],
];

function learning({ state, learning_stopped: reason }) {
  if (state === "recovering") return ["not yet: the model is being recovered", "warn"];
  return reason ? [`stopped: ${reason}`, "bad"] : ["on"];
}

function checkpoint({ checkpoint_version: version, checkpoint_age_seconds: age, log_bytes: log }) {
  if (version === null) return [log === null ? "none: in memory only" : "none yet"];
  if (!isNumber(version)) return NOT_TOLD;
  return [`version ${count(version)}${isNumber(age) ? `, ${seconds(age)} ago` : ""}`];
}

function condition({ ill_conditioned: isIll, suggested_ridge: ridge, condition_estimate: estimate }) {
  if (isIll === undefined || isIll === null) return NOT_TOLD;
  const about = isNumber(estimate) ? `about ${figure(estimate)}` : "not known";
  if (!isIll) return [about];
  return [`ill-conditioned (${about})${isNumber(ridge) ? `: a ridge of ${figure(ridge)} would cure it` : ""}`, "warn"];
}

function exactness({ inexact, relative_error_bound: bound }) {
  if (inexact === undefined || inexact === null) return NOT_TOLD;
  if (!inexact) return ["to Float64's rounding"];
  return [`no: scores may be off by ${isNumber(bound) ? figure(bound) : "any amount"}, relative`, "warn"];
}

function balanced({ config, version, balanced_version: own, balanced_unavailable: reason }) {
  if (config?.imbalance?.kind === "none") return ["not asked for"];
  if (own === undefined) return NOT_TOLD;
  if (reason) return [`none: ${reason}`, "warn"];
  if (own === null) return ["not yet: predictions use the plain ones"];
  return [own === version ? `version ${count(own)}, up to date` : `version ${count(own)}, ${count(version - own)} behind`];
}

function rebalance({ last_rebalance: last, config }) {
  if (last === undefined) return NOT_TOLD;
  if (last === null) return [config?.imbalance?.kind === "none" ? "none" : "none yet"];
  return [`${seconds(last.age_seconds)} ago, took ${seconds(last.seconds)}`];
}

function calibration({ calibration: plain, balanced_calibration: balancedOnes }) {
  if (plain === undefined) return NOT_TOLD;
  if (!plain && !balancedOnes) return ["not yet: too few labels seen"];
  if (balancedOnes === undefined) return [temperature(plain)];
  return [`plain: ${temperature(plain)}; balanced: ${temperature(balancedOnes)}`];
}

function temperature(state) {
  if (!state) return "not yet";
  const before = percent(state.expected_calibration_error_raw, 1);
  const after = percent(state.expected_calibration_error, 1);
  return `temperature ${figure(state.temperature)}, error ${before} → ${after} over ${plural(state.samples, "row")}`;
}

/** Shows a model's state. */
export function showState(details) {
  const items = LINES.flatMap(([title, text]) => {
    const meaning = MEANINGS[title];
    return [["dt", title, ""], ["dd", ...text(details)], ...(meaning ? [["explain", meaning]] : [])];
  });
  fillList(byId("state"), items, make, (element, [tag, text, kind]) => {
    if (tag !== "dd") return;
    setText(element, text);
    if (kind) element.dataset.kind = kind;
    else delete element.dataset.kind;
  });
}

function make([tag, text]) {
  if (tag === "dd") return h("dd");
  if (tag === "dt") return h("dt", null, MEANINGS[text] ? explainer(text) : text);
  return h("dd", { class: "explain", id: idOf(text), hidden: true }, text);
}

/** A title that shows and hides what it means. */
function explainer(title) {
  const id = idOf(MEANINGS[title]);
  return h("button", {
    type: "button", class: "what", "aria-expanded": "false", "aria-controls": id,
    onclick: ({ currentTarget }) => {
      const meaning = byId(id);
      meaning.hidden = !meaning.hidden;
      currentTarget.setAttribute("aria-expanded", String(!meaning.hidden));
    },
  }, title);
}

const idOf = (meaning) => `means-${Object.values(MEANINGS).indexOf(meaning)}`;
