/**
 * A part that nobody holds by its stdin, as in a container: it reads its own config, and SIGTERM is its end. Settings
 * come from the environment, secrets from files, so that no listing of an environment shows any.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BurlaError } from '@burla/protocol'

export interface ServiceSettings {
  /** An environment variable; one that is missing and has no default ends the service with a sentence. */
  text(name: string, otherwise?: string): string
  /** A number above 0. */
  number(name: string, otherwise?: number): number
  /** The content of a file in the folder of secrets. */
  secret(name: string): string
}

/** Runs `main` and ends the process when it is done: with 0 when it resolved, with 1 when it rejected or overstayed. */
export function runService(
  main: (settings: ServiceSettings, signal: AbortSignal) => Promise<void>,
  options: { forcedExitMs: number },
): void {
  const stopping = new AbortController()
  const stop = (): void => {
    if (stopping.signal.aborted) return
    stopping.abort()
    setTimeout(() => end(1, 'did not stop in time; ended by force'), options.forcedExitMs)
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  Promise.resolve()
    .then(() => main(readSettings(process.env), stopping.signal))
    .then(
      () => end(0),
      (error: unknown) => end(1, error instanceof BurlaError ? error.message : error),
    )
}

export function readSettings(env: NodeJS.ProcessEnv): ServiceSettings {
  const text = (name: string, otherwise?: string): string => {
    // A compose file gives what is not set as empty text.
    const value = env[name] || otherwise
    if (value === undefined) throw new BurlaError('OPTION_INVALID', `the environment variable ${name} must be set`)
    return value
  }
  return {
    text,
    number(name, otherwise) {
      const value = Number(text(name, otherwise === undefined ? undefined : String(otherwise)))
      if (value > 0 && Number.isFinite(value)) return value
      throw new BurlaError('OPTION_INVALID', `${name} must be a number above 0, and not "${env[name]}"`)
    },
    secret(name) {
      const path = join(text('BURLA_SECRETS_DIR', '/run/burla'), name)
      try {
        return readFileSync(path, 'utf8').trim()
      } catch (cause) {
        throw new BurlaError('OPTION_INVALID', `the secret ${path} cannot be read: ${(cause as Error).message}`, {
          cause,
        })
      }
    },
  }
}

function end(code: number, why?: unknown): never {
  if (why !== undefined) console.error(why)
  process.exit(code)
}
