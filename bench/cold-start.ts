/**
 * (c) From `node script` with nothing running to the first result: in the workspace, and in a folder in which the
 * published package is installed, on each Node that it promises to run on. The very first start after the installation
 * stands apart: Node 22 and newer keep what they compile.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { majors, nodeOf, promised } from '@burla/testkit/nodes'
import { npm } from '@burla/testkit/npm'
import { packPackage } from '../package/pack.ts'
import { quiet } from './machine.ts'
import { median } from './statistics.ts'

const script = fileURLToPath(new URL('./cold-script.ts', import.meta.url))

export interface ColdStart {
  where: string
  /** the first one after the installation; undefined in the workspace */
  firstMs: number | undefined
  rounds: number[]
  medianMs: number
}

export async function coldStart(rounds = 5): Promise<ColdStart[]> {
  const own = mkdtempSync(join(tmpdir(), 'burla-bench-'))
  try {
    mkdirSync(join(own, 'packed'))
    const tarball = packPackage(join(own, 'packed'))
    const starts = [await measure('in the workspace', process.execPath, [script], rounds)]
    for (const major of majors) {
      const node = nodeOf(major)
      const folder = join(own, major)
      mkdirSync(folder)
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
      npm(['install', tarball], { cwd: folder, node })
      writeFileSync(join(folder, 'script.js'), readFileSync(script, 'utf8').replace(': number', ''))
      const args = [join(folder, 'script.js')]
      const firstMs = await oneStart(node, args)
      starts.push({ ...(await measure(`from the tarball, Node ${promised[major]}`, node, args, rounds)), firstMs })
    }
    return starts
  } finally {
    rmSync(own, { recursive: true })
  }
}

async function measure(where: string, node: string, args: string[], rounds: number): Promise<ColdStart> {
  const ms: number[] = []
  for (let round = 0; round < rounds; round++) ms.push(await oneStart(node, args))
  return { where, firstMs: undefined, rounds: ms, medianMs: median(ms) }
}

async function oneStart(node: string, args: string[]): Promise<number> {
  await quiet()
  const startedAt = performance.now()
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const ms = performance.now() - startedAt
  if (line !== 'first result 42') throw new Error(`unexpected: ${line}`)
  await once(child, 'exit')
  return ms
}
