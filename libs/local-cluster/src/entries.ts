/**
 * Where the main files of the parts are. Local-cluster starts apps but must not import them (arrows point down): in the
 * workspace it finds them by their place in the repo, in the published package beside its own bundle.
 */
import { fileURLToPath } from 'node:url'

export interface PartEntries {
  supervisor: string
  api: string
  agent: string
  runner: string
}

export function partEntries(): PartEntries {
  const here = import.meta.url
  const at = (relative: string): string => fileURLToPath(new URL(relative, here))
  if (here.endsWith('.ts')) {
    return {
      supervisor: at('./supervisor/main.ts'),
      api: at('../../../apps/api/src/main.ts'),
      agent: at('../../../apps/node-agent/src/main.ts'),
      runner: at('../../../apps/runner/src/main.ts'),
    }
  }
  return {
    supervisor: at('./supervisor.js'),
    api: at('./api.js'),
    agent: at('./agent.js'),
    runner: at('./runner.js'),
  }
}

/**
 * Where Node keeps what it has compiled: below the package that the parts belong to. It halves the start of a part (130
 * to 60 ms). Where the folder cannot be written Node does without.
 */
export function compileCacheFolder(): string {
  const here = import.meta.url
  const relative = here.endsWith('.ts') ? '../../../node_modules/.cache/burla' : './.cache'
  return fileURLToPath(new URL(relative, here))
}
