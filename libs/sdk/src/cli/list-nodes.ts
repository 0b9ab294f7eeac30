/** `burla nodes list` */
import { ago, type NodeState } from '@burla/protocol'
import { withApi } from './connect.ts'
import { print, type OutputOptions } from './output/print.ts'
import { nodeColours, type Style } from './output/style.ts'
import { table } from './output/table.ts'

export interface ListedNode {
  id: string
  state: NodeState
  cpus: number
  memoryGiB: number
  jobId: string | null
  provider: string
  startedAt: number
  lastSeenAt: number
}

export async function listNodes(output: OutputOptions): Promise<void> {
  const { nodes } = (await withApi((api) => api.request('GET', '/v1/nodes'))) as { nodes: ListedNode[] }
  print({ nodes }, output, (style) => nodeTable(nodes, style, Date.now()))
}

export function nodeTable(nodes: ListedNode[], style: Style, now: number): string {
  if (nodes.length === 0) return 'No nodes.\n'
  return table(
    [
      { title: 'NODE', text: ({ id }) => id },
      { title: 'STATE', text: ({ state }) => state, colour: ({ state }) => nodeColours[state] },
      { title: 'CPUS', text: ({ cpus }) => String(cpus), right: true, expendable: 1 },
      { title: 'MEMORY', text: ({ memoryGiB }) => `${memoryGiB.toFixed(1)} GiB`, right: true, expendable: 2 },
      { title: 'STARTED', text: ({ startedAt }) => ago(startedAt, now), expendable: 4 },
      { title: 'SEEN', text: ({ lastSeenAt }) => ago(lastSeenAt, now), expendable: 3 },
      { title: 'JOB', text: ({ jobId }) => jobId ?? '-' },
    ],
    nodes,
    style,
  )
}
