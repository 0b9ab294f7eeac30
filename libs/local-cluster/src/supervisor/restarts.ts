/** When a part that died is started again: soon, later each time, and not for ever. */

const windowMs = 60_000
const restartsPerWindow = 5
const firstDelayMs = 50

/** `deaths`: when the part died, oldest first, the newest now. The time to wait, or undefined: it is hopeless. */
export function restartDelayMs(deaths: number[], now: number): number | undefined {
  const recent = deaths.filter((at) => now - at < windowMs).length
  if (recent > restartsPerWindow) return undefined
  return firstDelayMs * 2 ** (recent - 1)
}
