/**
 * A warm runner goes once through what it will do for a job: connect, pull an input, append a result, complete. What is
 * slow the first time (measured: 35 of 50 ms of a small job) is behind it then. It may fail; then the first job pays.
 */
import { connectRedis, pause, setStage } from '@burla/queue'
import { createInputSource } from '@burla/queue/source'
import type { JobCredentials } from '@burla/protocol'
import { createBeginMarks } from './serving/begin-marks.ts'
import { createOutbox } from './serving/outbox.ts'

const atMostMs = 1_500

export async function rehearse({ jobId, redis: address, username, password }: JobCredentials): Promise<void> {
  const redis = connectRedis({ address, username, password, name: 'burla-runner-rehearsal' })
  const over = new AbortController()
  const onTrouble = () => undefined
  let finish: () => void = () => undefined
  const played = new Promise<void>((resolve) => (finish = resolve))
  const source = createInputSource({
    redis,
    jobId,
    onTrouble,
    onFailed: onTrouble,
    onList: async ({ data: { i } }) => {
      const index = i[0] ?? 0
      noteBegin({ index, run: 1 })
      await outbox.result({
        ...{ index, status: 'ok', attempts: 1, durationMs: 0, slot: 0 },
        payload: Buffer.from('rehearsed'),
      })
      setImmediate(finish)
      return 'stored'
    },
  })
  const { runnerId } = source
  const outbox = createOutbox({
    redis,
    jobId,
    runnerId,
    nodeId: '',
    signal: over.signal,
    onStored: onTrouble,
    onTrouble,
  })
  const noteBegin = createBeginMarks({ redis, jobId, runnerId, onTrouble, over: over.signal })
  const staged = setStage(redis, jobId, runnerId).then(
    () => source.start(),
    () => finish(),
  )
  await Promise.race([played, pause(atMostMs)])
  await Promise.race([staged, pause(0)])
  over.abort()
  await source.close().catch(onTrouble)
  redis.disconnect()
}
