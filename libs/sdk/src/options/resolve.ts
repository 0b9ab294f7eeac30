/** The options as given, checked and completed once; the rest of the SDK trusts what comes out here. */
import { BurlaError, defaultClientGraceMs, defaultRetentionMs, type CallOptions } from '@burla/protocol'
import { closestName } from './did-you-mean.ts'
import { optionRules, type MapOptions } from './map-options.ts'
import { describeGiven } from './rules.ts'

export interface ResolvedOptions {
  name: string
  /** what the job's record keeps */
  call: CallOptions
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
  const { name, env, signal, progress, cluster, ...rest } = checkOptions(options, `burla.${verb}`)
  const { clientGraceMs, retentionMs, batch, ...call } = rest
  return {
    name: name ?? (fnName || 'job'),
    call: {
      cpus: call.cpus ?? 1,
      maxParallelism: call.maxParallelism ?? null,
      retries: call.retries ?? 0,
      retryDelayMs: call.retryDelayMs ?? 1000,
      timeoutMs: call.timeoutMs ?? null,
      env: { ...env },
    },
    clientGraceMs: clientGraceMs ?? defaultClientGraceMs,
    retentionMs: retentionMs ?? defaultRetentionMs,
    batch: batch ?? 'auto',
    signal,
    progress,
    cluster,
  }
}

function checkOptions(options: unknown, caller: string): MapOptions {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid(`${caller}: the options must be an object, such as { retries: 2 }, and not ${describeGiven(options)}`)
  }
  // read once: what was checked is what is used
  const given = { ...options } as Record<string, unknown>
  const names = Object.keys(optionRules)
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(optionRules, name) ? optionRules[name as keyof MapOptions] : undefined
    if (!rule) throw invalid(`${caller}: there is no option "${name}"; ${suggest(name, names)}`)
    const fault = value === undefined ? undefined : rule(value)
    if (fault) {
      const option = `"${name}${fault.at ?? ''}"`
      throw invalid(`${caller}: the option ${option} must be ${fault.allowed}, and not ${describeGiven(fault.given)}`)
    }
  }
  return given as MapOptions
}

function suggest(name: string, names: string[]): string {
  const closest = closestName(name, names)
  return closest ? `did you mean "${closest}"?` : `there are ${names.join(', ')}`
}

function invalid(message: string): BurlaError {
  return new BurlaError('OPTION_INVALID', message)
}
