// Reads rows of features from what people paste: JSON, JSON lines, or numbers between commas, semicolons, tabs or blanks.

import { count } from "./format.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const LABEL_COLUMN = /^(label|class|target|y)$/i;

/**
 * Reads one row or several, each perhaps with the label it should have.
 *
 * @returns {{rows: number[][], labels: (string | null)[]} | {problem: string}}
 */
export function parseRows(text, dimension) {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (trimmed === "") return { problem: `Enter ${count(dimension)} numbers.` };
  const { rows, labels = [], problem } = /^[[{]/.test(trimmed) ? fromJSON(trimmed) : fromList(trimmed, dimension);
  if (problem) return { problem };
  for (const [index, row] of rows.entries()) {
    const wrong = problemOf(row, dimension);
    if (wrong) return { problem: rows.length > 1 ? `Row ${count(index + 1)}: ${wrong}` : wrong };
  }
  return { rows, labels: rows.map((_, index) => labels[index] ?? null) };
}

/** Why a row is none of the model's. */
function problemOf(row, dimension) {
  const wrong = row.findIndex((value) => typeof value !== "number" || !(Math.abs(value) <= 1e50));
  if (wrong >= 0) {
    const value = row[wrong];
    const shown = typeof value === "string" ? `“${value.slice(0, 40)}”` : String(JSON.stringify(value)).slice(0, 40);
    return `Value ${count(wrong + 1)} is ${shown}; expected a number of at most 1e50 in magnitude.`;
  }
  if (row.length === dimension) return "";
  const difference = Math.abs(row.length - dimension);
  return `These are ${count(row.length)} numbers, ${count(difference)} too ${row.length < dimension ? "few" : "many"}: the model takes ${count(dimension)}.`;
}

// JSON

function fromJSON(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fromJSONLines(text) ?? { problem: `That is no JSON: ${error.message}` };
  }
  return fromValue(value);
}

/** A value for each line; null where some line is none. */
function fromJSONLines(text) {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  if (lines.length < 2) return null;
  try {
    const parts = lines.map((line) => fromValue(JSON.parse(line)));
    return parts.find(({ problem }) => problem) ?? { rows: parts.flatMap(({ rows }) => rows), labels: parts.flatMap(({ rows, labels }) => rows.map((_, index) => labels[index])) };
  } catch {
    return null;
  }
}

/** An array of numbers, one of rows, or the body of a request. */
function fromValue(value) {
  const features = Array.isArray(value) ? value : value?.features;
  if (!Array.isArray(features) || features.length === 0) return { problem: "Expected an array of numbers." };
  const rows = features.some(Array.isArray) ? features : [features];
  const wrong = rows.findIndex((row) => !Array.isArray(row));
  if (wrong >= 0) return { problem: `Row ${count(wrong + 1)} is no array.` };
  const labels = Array.isArray(value) ? [] : Array.isArray(value.labels) ? value.labels : [value.label];
  return { rows, labels: rows.map((_, index) => (labels[index] === undefined || labels[index] === null ? null : String(labels[index]))) };
}

// Lines

function fromList(text, dimension) {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "").map(fieldsOf);
  const header = lines.length > 1 && !lines[0].some((field) => NUMBER.test(field)) ? lines.shift() : null;
  const named = header ? header.findIndex((field) => LABEL_COLUMN.test(field)) : -1;
  const parts = lines.map((fields) => labelled(fields, dimension, named));
  // A vector may also run over many lines.
  const isOne = !header && !parts.some(({ row }) => row.length === dimension);
  if (!isOne) return { rows: parts.map(({ row }) => row.map(numeric)), labels: parts.map(({ label }) => label) };
  return { rows: [text.split(/[\s,;]+/).filter(Boolean).map(numeric)] };
}

const numeric = (word) => (NUMBER.test(word) ? Number(word) : word);

/** Takes the label out: from the column of that name, else from the first or last field where that one alone is no number. */
function labelled(fields, dimension, named) {
  if (fields.length !== dimension + 1) return { row: fields, label: null };
  const at = named >= 0 ? named : [fields.length - 1, 0].find((index) => !NUMBER.test(fields[index]));
  return at === undefined ? { row: fields, label: null } : { row: fields.toSpliced(at, 1), label: fields[at] };
}

/** The fields of a line of CSV, or its words. */
function fieldsOf(line) {
  const separator = ["\t", ";", ","].find((candidate) => line.includes(candidate));
  if (!separator) return line.trim().split(/\s+/);
  const fields = [];
  const pattern = new RegExp(`\\s*(?:"((?:[^"]|"")*)"|([^${separator}]*))\\s*(?:${separator}|$)`, "y");
  while (pattern.lastIndex < line.length) {
    const match = pattern.exec(line);
    if (!match) return line.split(separator).map((field) => field.trim());
    fields.push(match[1] === undefined ? match[2].trim() : match[1].replaceAll('""', '"'));
  }
  // A separator at the end closes the last field.
  return fields;
}
