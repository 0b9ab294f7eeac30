/** The api's process as a part: its config on stdin. */
import { runPart } from '@burla/processes'
import { runApi } from './run-api.ts'
import type { ApiConfig } from './config.ts'

runPart<ApiConfig>((config, { signal, ready }) => runApi(config, { signal, onUp: (address) => ready({ address }) }))
