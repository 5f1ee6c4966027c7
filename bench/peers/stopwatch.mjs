/** The time and the processor time that something takes. */
export function startWatch() {
  return { startedAt: process.hrtime.bigint(), startedCpu: process.cpuUsage() };
}

/**
 * @param {ReturnType<typeof startWatch>} watch
 * @param {number} count
 */
export function elapsedSince(watch, count) {
  const ns = Number(process.hrtime.bigint() - watch.startedAt);
  const { user, system } = process.cpuUsage(watch.startedCpu);
  return { count, ns, cpuNs: (user + system) * 1000 };
}

/** @param {number[]} latencies in milliseconds */
export function latencySummary(latencies) {
  latencies.sort((a, b) => a - b);
  /** @param {number} at */
  const ns = (at) =>
    (latencies[Math.min(Math.floor(latencies.length * at), latencies.length - 1)] ?? 0) * 1e6;
  return { count: latencies.length, p50Ns: ns(0.5), p99Ns: ns(0.99), maxNs: ns(1) };
}
