/**
 * Measures how long somebody has been silent, in time during which this process itself was awake: when the whole
 * machine slept, nobody was silent.
 */
export interface Silence {
  heard(): void
  /** Call regularly; returns the silence in milliseconds. */
  tick(): number
}

export function createSilence(longestTickMs: number, now: () => number = () => performance.now()): Silence {
  let silentMs = 0
  let tickedAt = now()
  return {
    heard() {
      silentMs = 0
      tickedAt = now()
    },
    tick() {
      const at = now()
      silentMs += Math.min(at - tickedAt, longestTickMs)
      tickedAt = at
      return silentMs
    },
  }
}
