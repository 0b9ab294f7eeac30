/** For our own tests and benches; not part of the published package. */
import type { StayingCluster, StayingClusterOptions } from '@burla/local-cluster'

export { configureEmbedded, inspectEmbedded } from './clusters/embedded.ts'

/** A cluster that stays, as `burla dashboard` starts it; imported when needed, as everything that starts one. */
export async function startStaying(options: StayingClusterOptions): Promise<StayingCluster> {
  const { startStayingCluster } = await import('@burla/local-cluster')
  return startStayingCluster(options)
}
