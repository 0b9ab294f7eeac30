/** Results per second over the last seconds: steady enough to read, quick enough to tell the truth. */
const spanMs = 10_000
const sampleEveryMs = 200

export interface Rate {
  /** `done` results in all, at `now`. */
  note(done: number, now: number): void
  perSecond(now: number): number
}

export function createRate(): Rate {
  const samples: { done: number; at: number }[] = []
  let latest = 0
  return {
    note(done, now) {
      latest = done
      const last = samples.at(-1)
      if (last && now - last.at < sampleEveryMs) return
      samples.push({ done, at: now })
      while (samples.length > 2 && now - samples[1]!.at > spanMs) samples.shift()
    },
    perSecond(now) {
      const first = samples[0]
      if (!first || now <= first.at) return 0
      return ((latest - first.done) * 1000) / (now - first.at)
    },
  }
}
