/** The options as given, checked and completed once; the rest of the SDK trusts what comes out here. */
import { defaultClientGraceMs, defaultRetentionMs, type CallOptions } from '@burla/protocol'
import { checkOptions } from './check.ts'
import { optionRules } from './map-options.ts'

export interface ResolvedOptions {
  name: string
  /** what the job's record keeps */
  call: CallOptions
  /** as they were given: which file asks for them says what they are */
  packages: string[]
  setup: string[]
  clientGraceMs: number
  retentionMs: number
  /** inputs that share one BullMQ job; `'auto'`: chosen from measured durations */
  batch: number | 'auto'
  signal: AbortSignal | undefined
  /** `undefined`: on a terminal only */
  progress: boolean | undefined
  /** `undefined`: the environment says which */
  cluster: string | undefined
}

/**
 * @param fnName the job's name when the options give none
 * @param verb for messages: `burla.map: there is no option "timoutMs"; did you mean "timeoutMs"?`
 * @throws BurlaError `OPTION_INVALID`
 */
export function resolveMapOptions(options: unknown, fnName: string, verb = 'map'): ResolvedOptions {
  const { name, env, signal, progress, cluster, ...rest } = checkOptions(options, optionRules, `burla.${verb}`)
  const { packages, setup, clientGraceMs, retentionMs, batch, ...call } = rest
  return {
    name: name ?? (fnName || 'job'),
    call: {
      cpus: call.cpus ?? 1,
      memoryGiB: call.memoryGiB ?? null,
      image: call.image ?? null,
      maxParallelism: call.maxParallelism ?? null,
      retries: call.retries ?? 0,
      retryDelayMs: call.retryDelayMs ?? 1000,
      timeoutMs: call.timeoutMs ?? null,
      env: { ...env },
    },
    packages: [...(packages ?? [])],
    setup: [...(setup ?? [])],
    clientGraceMs: clientGraceMs ?? defaultClientGraceMs,
    retentionMs: retentionMs ?? defaultRetentionMs,
    batch: batch ?? 'auto',
    signal,
    progress,
    cluster,
  }
}
