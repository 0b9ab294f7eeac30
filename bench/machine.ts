/** How busy the machine is with other things: figures are only as good as it was quiet. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

export function machine() {
  return { cpu: cpus()[0]?.model ?? 'unknown', cpus: availableParallelism(), node: process.version }
}

/** Percent of one CPU that is used now, over `ms`. */
export async function load(ms: number): Promise<number> {
  const before = busyTicks()
  await delay(ms)
  return Math.round(((busyTicks() - before) * 10 * 100) / ms)
}

/** Waits until the machine is quiet, at most `mostMs`; resolves with the load that is left. */
export async function quiet(mostMs = 20_000): Promise<number> {
  const until = Date.now() + mostMs
  for (;;) {
    const now = await load(300)
    if (now < 20 || Date.now() > until) return now
  }
}

function busyTicks(): number {
  const [user = 0, nice = 0, system = 0] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return user + nice + system
}
