import { newJobId, type CallOptions, type JobSpec } from '@burla/protocol'

export const someCall: CallOptions = {
  cpus: 1,
  memoryGiB: null,
  image: null,
  maxParallelism: null,
  retries: 0,
  retryDelayMs: 0,
  timeoutMs: null,
  env: {},
}

/** What a client would ask for: an attached job of three inputs, another one each time. */
export function someJob({ name = 'test', ...changes }: Partial<JobSpec> = {}): JobSpec {
  return {
    id: newJobId(name),
    kind: 'attached',
    name,
    functionDigest: '0'.repeat(64),
    known: 3,
    call: someCall,
    packages: [],
    clientGraceMs: 60_000,
    retentionMs: 60_000,
    ...changes,
  }
}
