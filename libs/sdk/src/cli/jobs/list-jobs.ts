/** `burla jobs list` */
import { ago, duration, grouped, type JobState, type JobStatus } from '@burla/protocol'
import { withCluster } from '../connect.ts'
import { print, type OutputOptions } from '../output/print.ts'
import { jobColours, type Style } from '../output/style.ts'
import { table, type Column } from '../output/table.ts'

interface ListOptions extends OutputOptions {
  limit: number
  state?: JobState
}

export async function listJobs({ limit, state, ...output }: ListOptions): Promise<void> {
  const jobs = await withCluster((cluster) => cluster.listJobs({ limit, state }))
  print({ jobs }, output, (style) => jobTable(jobs, style, Date.now()))
}

export function jobTable(jobs: JobStatus[], style: Style, now: number): string {
  if (jobs.length === 0) return 'No jobs.\n'
  const columns: Column<JobStatus>[] = [
    { title: 'JOB', text: ({ id }) => id },
    { title: 'STATE', text: ({ state }) => state, colour: ({ state }) => jobColours[state] },
    { title: 'INPUTS', text: ({ inputs }) => progress(inputs), right: true },
    { title: 'RUNNING', text: ({ inputs }) => orNone(inputs.running), right: true, expendable: 2 },
    {
      title: 'FAILED',
      text: ({ inputs }) => orNone(inputs.failed),
      colour: ({ inputs }) => (inputs.failed > 0 ? 'red' : undefined),
      right: true,
      expendable: 1,
    },
    { title: 'CREATED', text: ({ createdAt }) => ago(createdAt, now), expendable: 3 },
    { title: 'TOOK', text: (job) => took(job, now), right: true, expendable: 4 },
    { title: '', text: ({ reason }) => reason ?? '', expendable: 5 },
  ]
  const used = columns.filter((column) => column.title !== '' || jobs.some((job) => column.text(job) !== ''))
  return table(used, jobs, style)
}

function progress({ known, completed, failed }: JobStatus['inputs']): string {
  return `${grouped(completed + failed)}/${grouped(known)}`
}

function orNone(count: number): string {
  return count === 0 ? '-' : grouped(count)
}

/** From its first node on; while it runs, until now. */
function took({ startedAt, finishedAt }: JobStatus, now: number): string {
  return startedAt === null ? '-' : duration((finishedAt ?? now) - startedAt)
}
