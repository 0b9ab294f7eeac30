/** `burla jobs logs`: what the calls printed, each line on the stream that it was printed to. */
import { BurlaError, grouped, type CutLines, type JobStatus, type KeptLine } from '@burla/protocol'
import { lineText } from '../../terminal/printing.ts'
import { withCluster } from '../connect.ts'
import { styleOf } from '../output/style.ts'
import { findJob } from './find-job.ts'

interface LogsOptions {
  input?: number
  follow?: true
  json?: true
}

export async function jobLogs(id: string, { input, follow, json }: LogsOptions): Promise<void> {
  await withCluster(async (cluster, api) => {
    const job = await findJob(cluster, id)
    const query = new URLSearchParams({
      ...(input !== undefined && { input: String(input) }),
      ...(follow && { follow: 'true' }),
    })
    const lines = api.lines(`/v1/jobs/${job.id}/lines?${query}`) as AsyncGenerator<KeptLine | CutLines>
    if (json && !follow) await printDocument(lines)
    else
      for await (const line of lines) printLine(line, { json, tagged: input === undefined && job.inputs.known !== 1 })
    if (follow) throwUnlessCompleted(await findJob(cluster, id))
  })
}

async function printDocument(lines: AsyncIterable<KeptLine | CutLines>): Promise<void> {
  const kept: KeptLine[] = []
  const cut = { lines: 0, bytes: 0 }
  for await (const line of lines) {
    if ('cut' in line) {
      cut.lines += line.cut.lines
      cut.bytes += line.cut.bytes
    } else kept.push(line)
  }
  process.stdout.write(`${JSON.stringify({ lines: kept, cut }, null, 2)}\n`)
}

function printLine(line: KeptLine | CutLines, { json, tagged }: { json: true | undefined; tagged: boolean }): void {
  if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
  else if ('cut' in line) {
    const { lines, bytes } = line.cut
    const text = `[here ${grouped(lines)} lines (${grouped(bytes)} bytes) are not kept any more]`
    process.stderr.write(`${styleOf(process.stderr, process.env).paint(text, 'dim')}\n`)
  } else process[line.stream].write(`${lineText({ ...line, index: line.index ?? -1 }, { tagged })}\n`)
}

/** Who follows a job waits for its end, and a script wants to know which one it was. */
function throwUnlessCompleted({ id, state, reason }: JobStatus): void {
  const because = reason === null ? '' : `: ${reason}`
  if (state === 'failed') throw new BurlaError('JOB_FAILED', `the job ${id} has failed${because}`)
  if (state === 'cancelled' || state === 'cancelling') {
    throw new BurlaError('JOB_CANCELLED', `the job ${id} was cancelled${because}`)
  }
}
