/**
 * What really ran, as seen from outside: each call writes a line to a file when it starts and another when it ends.
 * The function under test gets the file's path with its input, for it is shipped as it stands.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Execution {
  index: number
  /** of the slot */
  pid: number
  /** of its runner */
  runnerPid: number
  nodeId: string
  /** name of its machine: of a container, the beginning of its id */
  host: string
  jobId: string
  startedAt: number
  endedAt: number | undefined
}

export interface ExecutionLog extends Disposable {
  /** for the functions that are recorded */
  readonly file: string
  all(): Execution[]
  /** how often each index was started */
  starts(): Map<number, number>
  running(): Execution[]
}

/** The input of a recorded function. */
export interface Recorded {
  file: string
  ms: number
}

/** Takes `ms` and returns twice its index. */
export async function recorded({ file, ms }: Recorded, index: number): Promise<number> {
  const { appendFileSync: append } = await import('node:fs')
  const host = (await import('node:os')).hostname()
  const note = (event: string) => {
    const { BURLA_NODE_ID: nodeId, BURLA_JOB_ID: jobId } = process.env
    const where = { index, pid: process.pid, runnerPid: process.ppid, nodeId, host, jobId }
    append(file, `${JSON.stringify({ event, ...where, at: Date.now() })}\n`)
  }
  note('start')
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  note('end')
  return index * 2
}

/** `sharedDir`: the folder `shared/` of functions in containers, which see no other one of this machine. */
export function recordExecutions(sharedDir?: string): ExecutionLog {
  const folder = sharedDir ?? mkdtempSync(join(tmpdir(), 'burla-test-'))
  const name = `executions-${Math.random().toString(36).slice(2)}.ndjson`
  const file = join(folder, name)
  writeFileSync(file, '')
  chmodSync(file, 0o666)
  const all = () => readExecutions(file)
  return {
    file: sharedDir === undefined ? file : `shared/${name}`,
    all,
    starts: () =>
      all().reduce((map, { index }) => map.set(index, (map.get(index) ?? 0) + 1), new Map<number, number>()),
    running: () => all().filter(({ endedAt }) => endedAt === undefined),
    [Symbol.dispose]: () => rmSync(sharedDir === undefined ? folder : file, { recursive: true }),
  }
}

interface Note extends Omit<Execution, 'startedAt' | 'endedAt'> {
  event: 'start' | 'end'
  at: number
}

function readExecutions(file: string): Execution[] {
  if (!existsSync(file)) return []
  const open = new Map<string, Execution>()
  const executions: Execution[] = []
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { event, at, ...where } = JSON.parse(line) as Note
    const key = `${where.jobId} ${where.index} ${where.nodeId} ${where.pid}`
    if (event === 'start') {
      const execution = { ...where, startedAt: at, endedAt: undefined }
      executions.push(execution)
      open.set(key, execution)
    } else {
      const execution = open.get(key)
      if (execution) execution.endedAt = at
    }
  }
  return executions
}
