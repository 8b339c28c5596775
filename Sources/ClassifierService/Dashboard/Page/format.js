// Numbers and times as people read them. What is not known is shown as a dash.

export const NONE = "–";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** 12,345 */
export const count = (value) => (isNumber(value) ? whole.format(value) : NONE);

/** 12.3K, for axes. */
export const compact = (value) => (isNumber(value) ? short.format(value) : NONE);

/** 93.12 %, never broken between number and sign. */
export const percent = (value, digits = 2) => (isNumber(value) ? `${(value * 100).toFixed(digits)}\u00a0%` : NONE);

/** A rate: 0.4, 12, 3,456 */
export const rate = (value) => {
  if (!isNumber(value)) return NONE;
  return value < 9.95 ? String(Number(value.toFixed(1))) : whole.format(value);
};

/** Three digits, with an exponent where a plain number would be long. */
export const figure = (value) => {
  if (!isNumber(value)) return NONE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(1).replace("e", "·10^").replace("^+", "^").replace(/\^(-?\d+)/, (_, n) => superscript(n));
  return size >= 1000 ? whole.format(Number(value.toPrecision(3))) : String(Number(value.toPrecision(3)));
};

const superscript = (digits) => [...digits].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])).join("");

/** 1.5 MB: powers of ten, as disks and networks count. */
export const bytes = (value) => {
  if (!isNumber(value)) return NONE;
  if (value < 1000) return `${value} B`;
  const power = Math.min(4, Math.floor(Math.log10(value) / 3));
  return `${Number((value / 1000 ** power).toPrecision(3))} ${["B", "kB", "MB", "GB", "TB"][power]}`;
};

/** A duration in seconds: 0.4 ms, 12 s, 5 min, 3 h, 2 d */
export const seconds = (value) => {
  if (!isNumber(value)) return NONE;
  if (value === 0) return "0 s";
  if (value < 1e-3) return `${Number((value * 1e6).toPrecision(2))} µs`;
  if (value < 1) return `${Number((value * 1e3).toPrecision(value < 0.1 ? 2 : 3))} ms`;
  if (value < 10) return `${Number(value.toPrecision(2))} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172_800) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86_400)} d`;
};

/** The time of day. */
export const time = (date) => clock.format(date);

/** One row, 2 rows */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;
