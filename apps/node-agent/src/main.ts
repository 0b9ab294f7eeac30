/** The agent of one node, as a part: config on stdin, log lines on stderr, and the end of stdin is its end. */
import { runPart } from '@burla/processes'
import { runAgent, type AgentConfig } from './agent.ts'
import { processHost } from './hosts/process-host.ts'

interface Config extends AgentConfig {
  folder: string
  sharedDir: string
  runnerEntry: string
}

runPart<Config>(
  ({ folder, sharedDir, runnerEntry, ...config }, { signal, ready }) =>
    runAgent(config, {
      host: processHost({ entry: runnerEntry, folder, sharedDir }),
      signal,
      onUp: () => ready({ nodeId: config.nodeId }),
      say: (message) => console.error(message),
    }),
  { forcedExitMs: 4_000 },
)
