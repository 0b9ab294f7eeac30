/** `burla jobs show`: how a job is doing, and what failed first. */
import {
  ago,
  counted,
  duration,
  grouped,
  type FailureRecord,
  type FailureRecords,
  type JobStatus,
} from '@burla/protocol'
import { withCluster } from '../connect.ts'
import { print, type OutputOptions } from '../output/print.ts'
import { jobColours, type Style } from '../output/style.ts'
import { table } from '../output/table.ts'
import { findJob } from './find-job.ts'

export async function showJob(id: string, output: OutputOptions): Promise<void> {
  const { job, failures, cut } = await withCluster(async (cluster, api) => {
    const found = await findJob(cluster, id)
    return { job: found, ...((await api.request('GET', `/v1/jobs/${found.id}/failures`)) as FailureRecords) }
  })
  print({ job, failures, cut }, output, (style) => describeJob(job, { failures, cut }, { style, now: Date.now() }))
}

const shownFailures = 10

export function describeJob(
  job: JobStatus,
  { failures, cut }: FailureRecords,
  { style, now }: { style: Style; now: number },
): string {
  const facts = factsOf(job, now).filter(([, text]) => text !== undefined)
  const lines = facts.map(([name, text]) => `  ${style.paint(name.padEnd(9), 'dim')}${text}\n`).join('')
  const head = `${style.paint(job.id, 'bold')} is ${style.paint(job.state, jobColours[job.state])}\n\n${lines}`
  if (failures.length === 0) return head
  const shown = failures.slice(0, shownFailures)
  const more = failures.length - shown.length + cut
  const rest = more === 0 ? '' : `and ${grouped(more)} more: burla jobs show ${job.id} --json\n`
  return `${head}\nWhat failed first:\n${failureTable(shown, style, now)}${rest}`
}

function factsOf(job: JobStatus, now: number): [string, string | undefined][] {
  const { known, waiting, running, completed, failed } = job.inputs
  const withFailed = failed === 0 ? '' : ` (${grouped(failed)} failed)`
  const inputs = `${grouped(completed + failed)} of ${grouped(known)} have a result${withFailed}`
  const others = [running > 0 && `${grouped(running)} running`, waiting > 0 && `${grouped(waiting)} waiting`]
  const { startedAt, finishedAt, keptUntilAt } = job
  return [
    ['inputs', [inputs, ...others.filter(Boolean)].join(', ')],
    ['nodes', job.nodes > 0 ? `${grouped(job.nodes)}, with ${counted(job.slots, 'slot')}` : undefined],
    ['kind', kindOf(job)],
    ['created', ago(job.createdAt, now)],
    ['took', startedAt === null ? undefined : duration((finishedAt ?? now) - startedAt)],
    ['finished', finishedAt === null ? undefined : ago(finishedAt, now)],
    ['kept', keptUntilAt === null ? undefined : `for ${duration(Math.max(0, keptUntilAt - now))} more`],
    ['reason', job.reason ?? undefined],
  ]
}

function kindOf({ kind }: JobStatus): string {
  return kind === 'submitted' ? 'submitted: it outlives the program that made it' : 'attached: it ends with its program'
}

function failureTable(failures: FailureRecord[], style: Style, now: number): string {
  return table(
    [
      { title: 'INPUT', text: ({ index }) => grouped(index), right: true },
      { title: 'ERROR', text: ({ name }) => name, colour: () => 'red' },
      { title: 'ATTEMPTS', text: ({ attempts }) => String(attempts), right: true, expendable: 2 },
      { title: 'WHEN', text: ({ finishedAt }) => ago(finishedAt, now), expendable: 1 },
      { title: 'MESSAGE', text: ({ message }) => message },
    ],
    failures,
    style,
  )
}
