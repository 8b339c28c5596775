// Keeps the page up to date: one loop that asks for what is due, woken by the server's events or, where it has none, by the clock.

import { Refusal, Unreachable, modelPath } from "./api.js";
import { eventsOf } from "./events.js";
import { Reading } from "./metrics.js";

// Milliseconds between readings.
const LIST = 5000;
const METRICS = 2000;
const POLL = 2000;
/** While events arrive, details are read after them, and now and then for what changes by itself, as a checkpoint's age. */
const SLOW_POLL = 10_000;
/** Details of thousands of classes are large: reading them may take a tenth of the time at most. */
const LEAST_GAP = 1000;
const LONGEST_RETRY = 10_000;
/** How long to do without events where the server has too many readers. */
const EVENTS_RETRY = 30_000;

/**
 * @typedef {object} Receiver
 * @property {(models: object[]) => void} models takes the list
 * @property {() => string | null} wanted the model to follow
 * @property {(details: object) => void} details
 * @property {(history: object | null) => void} history null where the server keeps none
 * @property {(model: string, traffic: object) => void} traffic what the server has kept, before the metrics that go on from there
 * @property {(reading: Reading | null, refusal: Refusal | null) => void} metrics
 * @property {(name: string, refusal: Refusal) => void} missing the model is not there, or not yet
 * @property {(state: string, facts?: object) => void} status live, polling, paused, waiting, refused, locked or offline
 * @property {(refused: boolean) => Promise<void>} token asks for one
 */

export class Feed {
  #api;
  /** @type {Receiver} */
  #to;
  #run = null;
  #wake = () => {};
  #due = {};
  #isHurried = false;
  /** The models of the list that are not there, because they are being recovered or could not be. */
  #absent = new Set();
  #followed = null;
  #events = null;
  #failures = 0;
  #since = null;

  constructor(api, receiver) {
    this.#api = api;
    this.#to = receiver;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.pause() : this.start()));
  }

  /** Begins, or goes on after a pause. */
  start() {
    if (this.#run || document.hidden) return;
    const run = new AbortController();
    this.#run = run;
    this.#loop(run.signal).catch((error) => {
      if (!run.signal.aborted) throw error;
    });
  }

  /** Closes all connections: browsers allow few, and a tab that nobody sees should take none. */
  pause() {
    this.#run?.abort();
    this.#run = null;
    this.#unfollow();
    this.#to.status("paused");
  }

  /** Asks for everything now, or where a step is under way, right after it: what that one puts off must not be put off. */
  hurry() {
    this.#isHurried = true;
    this.#wake();
  }

  async #loop(signal) {
    this.#due = {};
    this.#failures = 0;
    while (!signal.aborted) {
      try {
        await this.#step(signal);
        if (this.#failures > 0) this.#to.status(this.#events?.isOpen ? "live" : "polling");
        this.#failures = 0;
        this.#since = null;
        await this.#sleep(this.#rest(), signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  /** Milliseconds until something is due; none where another model was chosen while the last step was under way. */
  #rest() {
    if (this.#isHurried || this.#to.wanted() !== (this.#followed?.name ?? null)) return 0;
    return Math.min(...["list", "details", "metrics"].map((part) => this.#due[part] || 0)) - performance.now();
  }

  async #recover(error, signal) {
    this.#unfollow();
    if (!(error instanceof Refusal || error instanceof Unreachable || error instanceof SyntaxError)) throw error;
    if (error.status === 401) {
      const refused = this.#api.hasToken;
      this.#api.token = "";
      this.#to.status("locked");
      await this.#to.token(refused);
      this.#due = {};
      return;
    }
    this.#failures += 1;
    this.#since ??= new Date();
    const pause = Math.max((error.retryAfter ?? 0) * 1000, Math.min(LONGEST_RETRY, 500 * 2 ** Math.min(this.#failures, 6)));
    const state = error instanceof Refusal ? (error.status === 503 ? "waiting" : "refused") : "offline";
    this.#to.status(state, { since: this.#since, detail: error.message, status: error.status });
    await this.#sleep(pause, signal);
    this.#due = {};
  }

  /** Does what is due. */
  async #step(signal) {
    // What the server has kept is not asked for again: readings have gone on from it.
    if (this.#isHurried) this.#due = { traffic: this.#due.traffic };
    this.#isHurried = false;
    const now = performance.now();
    // What has no time is due.
    const isDue = (part) => !(this.#due[part] > now);
    if (isDue("list")) {
      const models = (await this.#api.json("v1/models", { signal })).models ?? [];
      this.#absent = new Set(models.filter(({ version }) => version === null).map(({ name }) => name));
      this.#to.models(models);
      this.#due.list = performance.now() + LIST;
    }
    const name = this.#to.wanted();
    if (name !== this.#followed?.name) {
      this.#unfollow();
      this.#followed = name === null ? null : { name, evaluated: null };
      this.#due.details = 0;
      this.#due.traffic = 0;
    }
    if (name === null) {
      this.#due.details = Infinity;
      this.#due.list = Math.min(this.#due.list, performance.now() + POLL);
      this.#to.status("polling");
    } else if (isDue("details")) {
      await this.#readDetails(name, signal);
    }
    if (this.#followed?.isThere && isDue("traffic")) await this.#readTraffic(name, signal);
    if (isDue("metrics")) await this.#readMetrics(signal);
  }

  async #readDetails(name, signal) {
    const begun = performance.now();
    try {
      // First, so that no point of it is newer than the details; from then on the page goes on by itself.
      if (this.#followed.evaluated === null) await this.#readHistory(name, signal);
      const details = await this.#api.json(modelPath(name), { signal });
      const evaluated = details.evaluation?.evaluated_samples ?? 0;
      // Fewer rows than before: that is another model of the same name.
      if (evaluated < (this.#followed.evaluated ?? 0)) await this.#readHistory(name, signal);
      this.#followed.evaluated = evaluated;
      this.#followed.isThere = true;
      this.#to.details(details);
    } catch (error) {
      if (error.status !== 404 && !(error.status === 503 && this.#absent.has(name))) throw error;
      this.#unfollow();
      this.#followed = { name, evaluated: null };
      this.#to.missing(name, error);
      this.#due.traffic = 0;
      this.#due.details = performance.now() + POLL;
      return;
    }
    this.#follow(name, signal);
    const gap = Math.max(LEAST_GAP, 10 * (performance.now() - begun));
    const interval = this.#events?.isOpen ? SLOW_POLL : POLL;
    this.#followed.earliest = performance.now() + gap;
    this.#due.details = performance.now() + Math.max(gap, interval);
  }

  async #readHistory(name, signal) {
    try {
      this.#to.history(await this.#api.json(modelPath(name, "/history"), { signal }));
    } catch (error) {
      if (error.status !== 404) throw error;
      this.#to.history(null);
    }
  }

  /** Reads what the server has kept of the last minutes: once, for readings of metrics go on from there. */
  async #readTraffic(name, signal) {
    try {
      this.#to.traffic(name, await this.#api.json(`v1/traffic?model=${encodeURIComponent(name)}`, { signal }));
    } catch (error) {
      // An older server, or the model has gone meanwhile: the charts begin with the readings then.
      if (!(error instanceof Refusal) || error.status === 401) throw error;
    }
    this.#due.traffic = Infinity;
    this.#due.metrics = 0;
  }

  async #readMetrics(signal) {
    const begun = performance.now();
    try {
      const text = await this.#api.text("metrics", { signal, accept: "text/plain" });
      this.#to.metrics(new Reading(text, performance.now() / 1000), null);
    } catch (error) {
      // A server without metrics, or one that shows them to others: the rest goes on.
      if (!(error instanceof Refusal) || error.status === 401) throw error;
      this.#to.metrics(null, error);
      this.#due.metrics = performance.now() + EVENTS_RETRY;
      return;
    }
    this.#due.metrics = performance.now() + Math.max(METRICS, 10 * (performance.now() - begun));
  }

  // Events

  #unfollow() {
    this.#events?.control.abort();
    this.#events = null;
  }

  /** Opens the stream of events, beside the loop. */
  #follow(name, signal) {
    if (this.#events?.name === name && (this.#events.isOpen || performance.now() < this.#events.retry)) return;
    const control = new AbortController();
    signal.addEventListener("abort", () => control.abort(), { signal: control.signal });
    const events = { name, control, isOpen: false, retry: Infinity };
    this.#events = events;
    this.#listen(events).then(
      () => control.abort(),
      (error) => {
        if (control.signal.aborted) return;
        if (!(error instanceof Refusal)) this.#due.details = 0;
      },
    ).finally(() => {
      if (this.#events !== events) return;
      // The clock takes over; a stream that has ended well is opened again with the next reading.
      events.retry = performance.now() + (events.isOpen ? 0 : EVENTS_RETRY);
      events.isOpen = false;
      this.#to.status("polling");
      this.#due.details = Math.min(this.#due.details ?? 0, performance.now() + POLL);
      this.#wake();
    });
  }

  async #listen(events) {
    const { signal } = events.control;
    const response = await this.#api.send(modelPath(events.name, "/events"), { signal, accept: "text/event-stream" });
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
      throw new Refusal(406, "the server sent something else than events", 0);
    }
    events.isOpen = true;
    this.#to.status("live");
    for await (const event of eventsOf(response)) {
      if (this.#events !== events) return;
      if (event.type === "deleted" || event.type === "state") this.#due.list = 0;
      // `state` comes first and says what was read just before.
      if (event.type !== "state") this.#due.details = Math.min(this.#due.details ?? 0, this.#followed?.earliest ?? 0);
      this.#wake();
    }
  }

  /** Waits, until it is woken at most. */
  #sleep(milliseconds, signal) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, Math.min(milliseconds, 60_000)));
      signal.addEventListener("abort", done);
      this.#wake = done;
      if (signal.aborted) done();
    });
  }
}
