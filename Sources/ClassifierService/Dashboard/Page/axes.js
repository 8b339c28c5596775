// Scales and the places of their ticks.

/** Round steps: about `wanted` ticks from `low` to `high`. */
export function linearTicks(low, high, wanted) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const ticks = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) ticks.push(index * step || 0);
  return ticks;
}

/** Times of day that people name: whole multiples of a step of seconds or minutes, about `wanted` from `low` to `high`, both in seconds. */
export function timeTicks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300].find((candidate) => candidate >= rough) ?? 600;
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

/** Powers of ten from `low` to `high`; with 2 and 5 between them where they are few, every other one where they are many. */
export function logTicks(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const powers = [];
  for (let power = first; power <= last; power += 1) powers.push(10 ** power);
  if (powers.length >= 7) return powers.filter((_, index) => index % 2 === 0);
  if (powers.length >= 3) return powers;
  const ticks = [];
  for (let power = first - 1; power <= last; power += 1) {
    for (const factor of [1, 2, 5]) ticks.push(factor * 10 ** power);
  }
  return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

/** Maps [low, high] to [from, to]. */
export function scale({ low, high, isLog = false }, from, to) {
  const f = isLog ? Math.log10 : (value) => value;
  const span = f(high) - f(low) || 1;
  return (value) => from + ((f(value) - f(low)) / span) * (to - from);
}

/**
 * The axis of counts on a log scale. It begins at one for every model, so that equal counts look equal and the balance of two models can
 * be compared; a little below, so that a count of one is seen.
 */
export function countAxis(counts) {
  const high = counts.reduce((a, b) => Math.max(a, b), 8);
  return { low: 0.8, high: high * 1.05, isLog: true };
}
