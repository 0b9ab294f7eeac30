/** vitest's configuration of `suite.ts`, for whichever vitest the Node can run. It lies in the folder of the copied tests. */
import { join } from 'node:path'

const seconds = 120

export default {
  // no `await using` before Node 24
  oxc: { target: 'node20' },
  resolve: {
    alias: { 'burla/internal': join(import.meta.dirname, 'node_modules/burla/dist/internal.js') },
    // of the testkit too, which is the workspace's
    dedupe: ['vitest'],
  },
  test: {
    include: ['e2e/*.test.ts'],
    env: { XDG_DATA_HOME: '/dev/null' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
    teardownTimeout: 20_000,
  },
}
