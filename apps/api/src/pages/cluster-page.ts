/** The page at `/`: nodes and jobs as they are now. Pure: facts in, page out. */
import { ago, counted, duration, grouped, type JobStatus, type NodeStatus } from '@burla/protocol'
import { html, type Html } from './html.ts'
import type { Page } from './page.ts'

/** The page takes itself anew every two seconds, while somebody looks at it. */
const script = `
setInterval(async () => {
  if (document.hidden) return
  const away = document.getElementById('away')
  try {
    const answer = await fetch('/')
    if (answer.status === 401) location.reload()
    if (!answer.ok) throw new Error()
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    document.querySelector('main').replaceWith(fresh.querySelector('main'))
    away.style.display = 'none'
  } catch {
    away.style.display = 'block'
  }
}, 2000)
`

export function clusterPage({ nodes, jobs, now }: { nodes: NodeStatus[]; jobs: JobStatus[]; now: number }): Page {
  return {
    title: 'Burla',
    script,
    body: html`<h1>Burla</h1>
      <nav><a href="/queues">queues</a><a href="/docs">api</a></nav>
      <p id="away">The cluster does not answer. Has it been ended? <code>burla dashboard</code> starts it again.</p>
      <main>
        <h2>${counted(nodes.length, 'node')}</h2>
        ${nodeTable(nodes, now)}
        <h2>${jobs.length === 0 ? 'No jobs yet' : 'Jobs, the newest first'}</h2>
        ${jobTable(jobs, now)}
      </main>`,
  }
}

function nodeTable(nodes: NodeStatus[], now: number): Html {
  if (nodes.length === 0) return html`<p>They are starting, or none can be reached.</p>`
  const rows = nodes.map(
    ({ id, state, cpus, memoryGiB, jobId, lastSeenAt }) =>
      html`<tr>
        <td>${id}</td>
        <td class="${state}">${state}</td>
        <td class="number">${cpus}</td>
        <td class="number">${memoryGiB.toFixed(1)} GiB</td>
        <td>${ago(lastSeenAt, now)}</td>
        <td>${jobId ?? ''}</td>
      </tr>`,
  )
  return html`<table>
    <tr>
      <th>node</th>
      <th>state</th>
      <th class="number">CPUs</th>
      <th class="number">memory</th>
      <th>seen</th>
      <th>job</th>
    </tr>
    ${rows}
  </table>`
}

function jobTable(jobs: JobStatus[], now: number): Html {
  if (jobs.length === 0) return html`<p>A program that uses burla on this machine finds this cluster by itself.</p>`
  const rows = jobs.map(
    ({ id, state, inputs: { known, completed, failed, running }, createdAt, startedAt, finishedAt, reason }) =>
      html`<tr>
        <td>${id}</td>
        <td class="${state}">${state}</td>
        <td class="number">${grouped(completed + failed)} of ${grouped(known)}</td>
        <td class="number">${running || ''}</td>
        <td class="number failed">${failed || ''}</td>
        <td>${ago(createdAt, now)}</td>
        <td class="number">${startedAt === null ? '' : duration((finishedAt ?? now) - startedAt)}</td>
        <td class="soft">${reason ?? ''}</td>
      </tr>`,
  )
  return html`<table>
    <tr>
      <th>job</th>
      <th>state</th>
      <th class="number">inputs done</th>
      <th class="number">running</th>
      <th class="number">failed</th>
      <th>created</th>
      <th class="number">took</th>
      <th></th>
    </tr>
    ${rows}
  </table>`
}
