// How the model is doing: its files, its numerics, its balanced weights, its queue.

import { byId, fillList, h, setText } from "./dom.js";
import { bytes, count, figure, isNumber, percent, plural, seconds } from "./format.js";

const NOT_TOLD = ["–", "", ""];

/**
 * Each line is [text, kind, hint]; a member that this server does not have is a dash.
 */
const LINES = [
  ["Learning", ({ learning_stopped: reason }) => (reason ? [`stopped: ${reason}`, "bad"] : ["on"])],
  ["Queue", ({ queue_depth: depth }) => (isNumber(depth) ? [depth === 0 ? "empty" : `${plural(depth, "request")} waiting`] : NOT_TOLD)],
  ["Log", ({ log_bytes: log }) => (log === null ? ["none: in memory only"] : isNumber(log) ? [`${bytes(log)} since the checkpoint`] : NOT_TOLD)],
  ["Checkpoint", checkpoint],
  ["Drift", ({ drift }) => (isNumber(drift) ? [`${figure(drift)} from the sums`] : NOT_TOLD)],
  ["Condition", condition],
  ["Solved anew", ({ solves }) => (isNumber(solves) ? [solves === 0 ? "never" : solves === 1 ? "once" : `${count(solves)} times`] : NOT_TOLD)],
  ["Balanced weights", balanced],
  ["Last rebalance", rebalance],
  ["Calibration", calibration],
  ["Memory", ({ memory_bytes: memory }) => (isNumber(memory) ? [bytes(memory)] : NOT_TOLD)],
];

function checkpoint({ checkpoint_version: version, checkpoint_age_seconds: age, log_bytes: log }) {
  if (version === null) return [log === null ? "none: in memory only" : "none yet"];
  if (!isNumber(version)) return NOT_TOLD;
  return [`version ${count(version)}${isNumber(age) ? `, ${seconds(age)} ago` : ""}`];
}

function condition({ ill_conditioned: isIll, suggested_ridge: ridge, condition_estimate: estimate }) {
  if (isIll === undefined) return NOT_TOLD;
  const about = isNumber(estimate) ? `about ${figure(estimate)}` : "not known";
  if (!isIll) return [about];
  return [`ill-conditioned (${about})${isNumber(ridge) ? `: a ridge of ${figure(ridge)} would cure it` : ""}`, "warn"];
}

function balanced({ config, version, balanced_version: own }) {
  if (config?.imbalance?.kind === "none") return ["not asked for"];
  if (own === undefined) return NOT_TOLD;
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
  const list = byId("state");
  const items = LINES.flatMap(([title, text]) => [["dt", title, ""], ["dd", ...text(details)]]);
  fillList(list, items, ([tag]) => h(tag), (element, [, text, kind]) => {
    setText(element, text);
    if (kind) element.dataset.kind = kind;
    else delete element.dataset.kind;
  });
}
