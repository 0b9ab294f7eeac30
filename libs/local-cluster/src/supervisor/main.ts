import { runPart } from '@burla/processes'
import type { SupervisorConfig } from './messages.ts'
import { supervise } from './supervise.ts'

// Parts have 2 s to stop; Redis and the folder take little more.
runPart<SupervisorConfig>(supervise, { forcedExitMs: 3_500 })
