// Calls of the server, with the token where there is one.

const KEY = "accrue-token";

/** An answer other than 2xx: its status and, of a problem (RFC 9457), the detail. */
export class Refusal extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    /** Seconds that the server asks to wait; 0 where it says nothing. */
    this.retryAfter = retryAfter;
  }
}

/** The server could not be reached, or stopped in the middle of an answer. */
export class Unreachable extends Error {}

export class API {
  #token = read();

  get hasToken() {
    return this.#token !== "";
  }

  /** Kept for this tab only. */
  set token(token) {
    this.#token = token;
    try {
      if (token) sessionStorage.setItem(KEY, token);
      else sessionStorage.removeItem(KEY);
    } catch {
      // It then lasts as long as the page.
    }
  }

  /**
   * Sends a request. Paths have no leading slash, so that the page may live under a prefix behind a proxy.
   *
   * @throws {Refusal | Unreachable | DOMException} the last where `signal` aborts
   */
  async send(path, { signal, method = "GET", body, type = "application/json", accept = "application/json" } = {}) {
    const headers = { Accept: accept };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers["Content-Type"] = type;
    let response;
    try {
      response = await fetch(path, { signal, method, body, headers, cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(error.message, { cause: error });
    }
    if (response.ok) return response;
    throw new Refusal(response.status, await detail(response), Number(response.headers.get("Retry-After")) || 0);
  }

  /** Sends a request and reads JSON. */
  async json(path, options) {
    return JSON.parse(await this.text(path, options));
  }

  /** Sends a request and reads text. */
  async text(path, options) {
    const response = await this.send(path, options);
    try {
      return await response.text();
    } catch (error) {
      if (options?.signal?.aborted) throw error;
      throw new Unreachable(error.message, { cause: error });
    }
  }
}

function read() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

async function detail(response) {
  try {
    const text = await response.text();
    if (response.headers.get("Content-Type")?.includes("json")) return JSON.parse(text).detail ?? text;
  } catch {
    // Then the status has to do.
  }
  return response.statusText || `status ${response.status}`;
}

/** The path of a model, or of something below it. */
export const modelPath = (name, rest = "") => `v1/models/${encodeURIComponent(name)}${rest}`;
