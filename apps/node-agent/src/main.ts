/** The agent of one node, as a part: config on stdin, log lines on stderr, and the end of stdin is its end. */
import { runPart } from '@burla/processes'
import { runAgent, type AgentConfig } from './agent.ts'

runPart<AgentConfig>(
  (config, { signal, ready }) =>
    runAgent(config, {
      signal,
      onUp: () => ready({ nodeId: config.nodeId }),
      say: (message) => console.error(message),
    }),
  { forcedExitMs: 4_000 },
)
