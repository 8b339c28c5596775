// The figures at the top. Each has the exact value of the answer they are all from in its `data` element.

import { byId, datum, h, setText } from "./dom.js";
import { count, isNumber, percent, plural } from "./format.js";

/** A figure's large and its small line. */
function figuresOf(details) {
  const evaluation = details.evaluation ?? {};
  const recent = evaluation.window ?? {};
  const span = isNumber(recent.samples) ? `of the last ${plural(recent.samples, "row")}` : "of the last rows";
  return [
    {
      key: "samples", title: "Rows learned", value: details.samples, text: count(details.samples),
      notes: [evaluationNote(details), ...unseenNotes(details)],
    },
    {
      key: "window-accuracy", title: "Accuracy", value: recent.accuracy, text: percent(recent.accuracy),
      notes: [span, [datumOf("accuracy", evaluation.accuracy), " of all"]],
    },
    {
      key: "window-balanced-accuracy", title: "Balanced accuracy", value: recent.balanced_accuracy,
      text: percent(recent.balanced_accuracy), notes: [span, [datumOf("balanced-accuracy", evaluation.balanced_accuracy), " of all"]],
    },
    { key: "classes", title: "Classes", value: details.classes, text: count(details.classes), notes: [rarest(evaluation.classes)] },
    { key: "version", title: "Version", value: details.version, text: count(details.version), notes: [balancedNote(details)] },
  ];
}

const datumOf = (key, value) => {
  const element = datum(value, percent(value));
  element.dataset.figure = key;
  return element;
};

function evaluationNote({ samples, evaluation }) {
  const evaluated = evaluation?.evaluated_samples;
  if (!isNumber(evaluated)) return "";
  return evaluated === samples ? "all predicted first" : `${count(evaluated)} predicted first`;
}

/** Rows of a load, which predictions do not use yet. */
const unseenNotes = ({ unseen_rows: rows }) => (isNumber(rows) && rows > 0 ? [`${count(rows)} more soon`] : []);

function rarest(classes) {
  const counts = (classes ?? []).map((entry) => entry.count).filter(isNumber);
  if (counts.length < 2) return "";
  const least = counts.reduce((a, b) => Math.min(a, b));
  const most = counts.reduce((a, b) => Math.max(a, b));
  if (least === 0) return `up to ${plural(most, "row")}`;
  return `${count(least)} to ${count(most)} rows each`;
}

function balancedNote({ version, balanced_version: balanced }) {
  if (balanced === undefined) return "";
  if (balanced === null) return "no balanced weights yet";
  return version === balanced ? "balanced weights up to date" : `balanced weights ${count(version - balanced)} behind`;
}

/** Shows a model's name, configuration and figures. */
export function showFigures(details) {
  setText(byId("model-name"), details.name);
  setText(byId("model-config"), configurationOf(details.config));
  byId("figures").replaceChildren(
    ...figuresOf(details).map(({ key, title, value, text, notes }) => {
      const figure = datum(value, text);
      figure.dataset.figure = key;
      return h("div", null, h("dt", null, title), h("dd", null, figure), notes.map((note) => h("dd", null, note)));
    }),
  );
}

/** A feature map in words. */
function mapOf(map) {
  if (map.kind === "random_relu") return ` → ${count(map.width)} random ReLU`;
  if (map.kind !== "random") return "";
  const names = { relu: "random ReLU", gelu: "random GELU", cos: "random cosines" };
  const parts = [` → ${count(map.width)} ${names[map.activation] ?? map.activation}`];
  if (map.distribution === "normal" && map.activation !== "cos") parts.push("normal");
  if (map.scale === "auto") parts.push("scale from the first rows");
  else if (map.scale !== 1) parts.push(`scale ${Number(map.scale).toPrecision(4)}`);
  if (map.include_input) parts.push("and the features");
  return parts.join(", ");
}

/** A configuration in words. */
function configurationOf(config) {
  if (!config) return "";
  const map = config.feature_map ?? {};
  const parts = [
    `${count(config.dimension)} features${mapOf(map)}`,
    `ridge ${config.ridge}`,
  ];
  const imbalance = config.imbalance ?? {};
  if (imbalance.kind === "pseudo_features") parts.push("balanced by pseudo-features");
  else if (imbalance.kind === "discriminant") parts.push(`discriminant, false share ${imbalance.false_share}`);
  else if (imbalance.kind === "reweight") parts.push(`balanced by reweighting, power ${imbalance.power}`);
  if (config.intercept === true) parts.push("intercept");
  if (config.balance > 0) parts.push(`balance ${config.balance}`);
  return parts.join(" · ");
}
