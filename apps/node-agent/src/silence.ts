/**
 * Measures how long somebody has been silent, in time during which this process itself was awake: when the whole
 * machine slept, nobody was silent.
 */
import { pause } from '@burla/queue'
import { heartbeatEveryMs, lostAfterMs } from '@burla/protocol'
import type { HostedRunner } from './hosts/runner-host.ts'

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

/** ... and kills a runner that has said nothing for 15 s; when it is frozen, its slots die with it. Until `signal`. */
export function killWhenSilent(
  runner: HostedRunner,
  { signal, say }: { signal: AbortSignal; say: (message: string) => void },
): Pick<Silence, 'heard'> {
  const silence = createSilence(2 * heartbeatEveryMs)
  async function look(): Promise<void> {
    while (!signal.aborted && runner.alive) {
      await pause(heartbeatEveryMs, signal)
      if (signal.aborted || silence.tick() <= lostAfterMs) continue
      say(`a runner has been silent for ${lostAfterMs} ms`)
      await runner.kill()
    }
  }
  void look()
  return silence
}
