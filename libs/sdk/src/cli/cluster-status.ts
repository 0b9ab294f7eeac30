/** `burla cluster status` */
import { counted, grouped, type ClusterStatus } from '@burla/protocol'
import { withCluster } from './connect.ts'
import { print, type OutputOptions } from './output/print.ts'
import { jobColours, nodeColours, type Colour, type Style } from './output/style.ts'

export async function clusterStatus(output: OutputOptions): Promise<void> {
  const status = await withCluster(async (cluster) => ({ address: cluster.address, ...(await cluster.readStatus()) }))
  print(status, output, (style) => describeStatus(status, style))
}

export function describeStatus(
  { address, nodes, cpus, jobs }: ClusterStatus & { address: string },
  style: Style,
): string {
  const list = (counts: Partial<Record<string, number>>, colours: Record<string, Colour>) =>
    Object.entries(counts).map(([state, count = 0]) => style.paint(`${grouped(count)} ${state}`, colours[state]))
  const rows = [
    ['nodes', [...list(nodes, nodeColours), `with ${counted(cpus, 'CPU')}`].join(', ')],
    ['jobs', list(jobs, jobColours).join(', ') || 'none that is not finished'],
  ]
  const lines = rows.map(([name = '', text = '']) => `  ${style.paint(name.padEnd(7), 'dim')}${text}\n`)
  return `${style.paint(address, 'bold')} is up\n\n${lines.join('')}`
}
