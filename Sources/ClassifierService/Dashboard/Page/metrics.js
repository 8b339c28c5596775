// The Prometheus text format, as far as the page needs it, and what follows from two readings.

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\S+)?$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** One reading of /metrics: samples by name, and when it was taken. */
export class Reading {
  #samples = new Map();

  constructor(text, time) {
    this.time = time;
    for (const line of text.split("\n")) {
      if (line === "" || line[0] === "#") continue;
      const match = SAMPLE.exec(line);
      if (!match) continue;
      const labels = {};
      for (const [, name, value] of (match[2] ?? "").matchAll(LABEL)) {
        labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
      }
      if (!this.#samples.has(match[1])) this.#samples.set(match[1], []);
      this.#samples.get(match[1]).push({ labels, value: number(match[3]) });
    }
  }

  /** The sum of a metric's samples whose labels pass; null where the server has no such metric. */
  sum(name, passes = () => true) {
    const samples = this.#samples.get(name);
    if (!samples) return null;
    return samples.filter(({ labels }) => passes(labels)).reduce((sum, { value }) => sum + value, 0);
  }

  /** A histogram's cumulative counts by upper bound, summed over the samples whose labels pass; null where there is none. */
  histogram(name, passes = () => true) {
    const samples = this.#samples.get(`${name}_bucket`);
    if (!samples) return null;
    const counts = new Map();
    for (const { labels, value } of samples) {
      if (passes(labels)) counts.set(number(labels.le), (counts.get(number(labels.le)) ?? 0) + value);
    }
    return counts;
  }
}

const number = (text) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text));

/** How much a counter has grown a second; null where that is not known, 0 where the server has begun anew. */
export function growth(before, after, elapsed) {
  if (before === null || after === null || !(elapsed > 0)) return null;
  return Math.max(0, after - before) / elapsed;
}

/**
 * A quantile of what a histogram has counted between two readings, linear inside a bucket as Prometheus does it; null where nothing was.
 */
export function quantile(share, before, after) {
  if (!before || !after) return null;
  const bounds = [...after.keys()].sort((a, b) => a - b);
  const counts = bounds.map((bound) => Math.max(0, after.get(bound) - (before.get(bound) ?? 0)));
  const total = counts.at(-1) ?? 0;
  if (total === 0) return null;
  const rank = share * total;
  const index = counts.findIndex((count) => count >= rank);
  if (bounds[index] === Infinity) return bounds[index - 1] ?? null;
  const lower = index > 0 ? bounds[index - 1] : 0;
  const below = index > 0 ? counts[index - 1] : 0;
  return lower + ((bounds[index] - lower) * (rank - below)) / (counts[index] - below);
}
