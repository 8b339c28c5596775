// Throughput and latency: what the server has kept of the last ten minutes, and then what /metrics counts between two readings.

import { timeTicks } from "./axes.js";
import { byId, setText } from "./dom.js";
import { compact, rate, seconds, time } from "./format.js";
import { LineChart } from "./line-chart.js";
import { growth, quantile } from "./metrics.js";

/** Seconds shown at most, as many as the server keeps. */
const KEPT = 600;

/** Seconds on the axis at least, so that a line begins at the right and does not shrink from the whole width. */
const SPAN = 60;

const isLearn = ({ route }) => route?.endsWith("/learn") ?? false;
const isPredict = ({ route }) => (route?.endsWith("/predict") || route?.endsWith("/infer")) ?? false;

/** A moment of which nothing is known: the lines break there. */
const NOTHING = { rows: null, requests: null, latencies: [null, null, null, null] };

/** The panels' notes, which say why nothing is read where that is so. */
const NOTES = ["throughput-note", "latency-note"];

export class LoadPanels {
  #notes = NOTES.map((id) => byId(id).textContent);
  #readings = [];
  #previous = null;
  #model = null;
  #throughput = new LineChart(byId("throughput"), {
    title: "Throughput",
    xTitle: "time",
    x: (at) => time(new Date(at * 1000)),
    xTicks: timeTicks,
    y: rate,
    yTick: compact,
    axis: (values) => ({ low: 0, high: Math.max(1, ...values) * 1.1 }),
    lines: [
      { name: "Rows this model learned", colour: 0 },
      { name: "Requests to the server", colour: 2 },
    ],
    height: 230,
    span: SPAN,
    empty: "Waiting for a second reading…",
  });
  #latency = new LineChart(byId("latency"), {
    title: "Latency of requests",
    xTitle: "time",
    x: (at) => time(new Date(at * 1000)),
    xTicks: timeTicks,
    y: seconds,
    axis: decades,
    lines: [
      { name: "predict, median", colour: 0 },
      { name: "predict, 99 %", colour: 0, isFaint: true },
      { name: "learn, median", colour: 1 },
      { name: "learn, 99 %", colour: 1, isFaint: true },
    ],
    height: 230,
    span: SPAN,
    empty: "Waiting for a second reading…",
  });

  /** Begins anew: another model, or a pause in which nothing was read. */
  begin(model) {
    this.#model = model;
    this.#readings = [];
    this.#previous = null;
    this.#latency.empty = this.#throughput.empty = "Waiting for a second reading…";
    this.#draw();
  }

  /** Goes on where readings stopped for a while. */
  interrupt() {
    this.#previous = null;
  }

  /**
   * Takes what the server has kept, in place of what the page has read since then. What it read before that stays.
   *
   * @param {{points: object[]}} history the answer of /v1/traffic
   */
  recall({ points }) {
    // The next reading begins where the history ends.
    this.#previous = null;
    if (points.length === 0) return;
    const now = Date.now() / 1000;
    const start = now - points[0].seconds_ago - points[0].seconds;
    const before = this.#readings.filter(({ at }) => at < start);
    if (before.length > 0) before.push({ at: start, ...NOTHING });
    this.#readings = [...before, ...points.map((point) => ({
      at: now - point.seconds_ago,
      rows: point.learned_rows_per_second,
      requests: point.requests_per_second,
      latencies: [point.predict_p50_seconds, point.predict_p99_seconds, point.learn_p50_seconds, point.learn_p99_seconds],
    }))];
    this.#finish();
  }

  /** Takes a reading. */
  add(reading) {
    NOTES.forEach((id, index) => setText(byId(id), this.#notes[index]));
    const current = {
      time: reading.time,
      rows: reading.sum("accrue_model_learned_rows_total", ({ model }) => model === this.#model),
      requests: reading.sum("accrue_http_requests_total"),
      learn: reading.histogram("accrue_http_request_duration_seconds", isLearn),
      predict: reading.histogram("accrue_http_request_duration_seconds", isPredict),
    };
    const before = this.#previous;
    this.#previous = current;
    if (!before) return;
    const elapsed = current.time - before.time;
    this.#readings.push({
      at: Date.now() / 1000,
      rows: growth(before.rows, current.rows, elapsed),
      requests: growth(before.requests, current.requests, elapsed),
      latencies: [quantile(0.5, before.predict, current.predict), quantile(0.99, before.predict, current.predict),
        quantile(0.5, before.learn, current.learn), quantile(0.99, before.learn, current.learn)],
    });
    this.#finish();
  }

  /** Drops what is too old, and draws the rest. */
  #finish() {
    const start = this.#readings.at(-1).at - KEPT;
    this.#readings = this.#readings.filter(({ at }) => at >= start);
    this.#latency.empty = "No request has come to predict or learn lately.";
    this.#draw();
  }

  /** Says that there is nothing to read. */
  fail(refusal) {
    this.interrupt();
    const reason = refusal.status === 404 ? "This server has no /metrics." : `/metrics: ${refusal.message}`;
    this.#throughput.empty = reason;
    this.#latency.empty = reason;
    // Where something has been read before, the charts are not empty.
    for (const id of NOTES) setText(byId(id), reason);
  }

  #draw() {
    const x = this.#readings.map(({ at }) => at);
    this.#throughput.draw(x, [this.#readings.map(({ rows }) => rows), this.#readings.map(({ requests }) => requests)]);
    this.#latency.draw(x, [0, 1, 2, 3].map((index) => this.#readings.map(({ latencies }) => latencies[index])));
  }
}

/** Whole powers of ten around the values. */
function decades(values) {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return { low: 1e-4, high: 1, isLog: true };
  const low = 10 ** Math.floor(Math.log10(Math.min(...positive)));
  return { low, high: Math.max(low * 10, 10 ** Math.ceil(Math.log10(Math.max(...positive)))), isLog: true };
}
