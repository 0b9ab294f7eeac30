/** `burla nodes list` */
import { ago, type NodeStatus } from '@burla/protocol'
import { withCluster } from './connect.ts'
import { print, type OutputOptions } from './output/print.ts'
import { nodeColours, type Style } from './output/style.ts'
import { table, type Column } from './output/table.ts'

export async function listNodes(output: OutputOptions): Promise<void> {
  const nodes = await withCluster((cluster) => cluster.listNodes())
  print({ nodes }, output, (style) => nodeTable(nodes, style, Date.now()))
}

export function nodeTable(nodes: NodeStatus[], style: Style, now: number): string {
  if (nodes.length === 0) return 'No nodes.\n'
  const columns: Column<NodeStatus>[] = [
    { title: 'NODE', text: ({ id }) => id },
    { title: 'STATE', text: ({ state }) => state, colour: ({ state }) => nodeColours[state] },
    { title: 'CPUS', text: ({ cpus }) => String(cpus), right: true, expendable: 1 },
    { title: 'MEMORY', text: ({ memoryGiB }) => `${memoryGiB.toFixed(1)} GiB`, right: true, expendable: 2 },
    { title: 'STARTED', text: ({ startedAt }) => ago(startedAt, now), expendable: 4 },
    { title: 'SEEN', text: ({ lastSeenAt }) => ago(lastSeenAt, now), expendable: 3 },
    { title: 'RUNNING', text: ({ running }) => (running > 0 ? String(running) : '-'), right: true, expendable: 5 },
    { title: 'JOB', text: ({ jobId }) => jobId ?? '-' },
    { title: '', text: ({ fault }) => fault ?? '', colour: () => 'red', expendable: 6 },
  ]
  const used = columns.filter(({ title, text }) => title !== '' || nodes.some((node) => text(node) !== ''))
  return table(used, nodes, style)
}
