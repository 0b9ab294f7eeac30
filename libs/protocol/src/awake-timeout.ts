/** A limit to how long somebody else may take, for processes whose own event loop may stand still meanwhile. */

const tickMs = 250

/**
 * Calls `onOver` when `ms` have passed in which this process was awake, unless the reply is called before. A tick that
 * comes late does not count: code that computes for a minute, and a laptop that sleeps, find an answer that came in time
 * before they find that its time is over. Does not keep the process alive.
 */
export function awakeTimeout(ms: number, onOver: () => void): () => void {
  let leftMs = ms
  let startedAt = performance.now()
  let timer = setTimeout(tick, Math.min(leftMs, tickMs)).unref()

  function tick(): void {
    const passedMs = performance.now() - startedAt
    startedAt += passedMs
    if (passedMs < 2 * tickMs) leftMs -= passedMs
    if (leftMs <= 0) return onOver()
    timer = setTimeout(tick, Math.min(leftMs, tickMs)).unref()
  }

  return () => clearTimeout(timer)
}
