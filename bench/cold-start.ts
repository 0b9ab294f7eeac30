/** (c) From `node script.ts` with nothing running to the first result. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

export async function coldStart(rounds = 5) {
  const ms: number[] = []
  for (let round = 0; round < rounds; round++) ms.push(await oneStart())
  return { rounds: ms, medianMs: median(ms) }
}

async function oneStart(): Promise<number> {
  const script = fileURLToPath(new URL('./cold-script.ts', import.meta.url))
  const startedAt = performance.now()
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const ms = performance.now() - startedAt
  if (line !== 'first result 42') throw new Error(`unexpected: ${line}`)
  await once(child, 'exit')
  return ms
}
