/** What a program imports. */
import { closeEmbedded } from './clusters/embedded.ts'
import { cancelAll } from './interrupt.ts'
import { map } from './map.ts'
import { giveName } from './names.ts'
import { settle } from './settle.ts'
import { stream } from './stream.ts'
import { submit } from './submit.ts'
import { cluster, job, jobs, nodes } from './asking.ts'

/**
 * Cancels what still runs and takes the embedded cluster down. Rarely needed: a program ends by itself after its last
 * job. A later job starts a new cluster.
 */
async function close(): Promise<void> {
  await cancelAll()
  await closeEmbedded()
}

export const burla = { map, settle, stream, submit, job, jobs, nodes, cluster, close } as const
giveName('burla', burla)
