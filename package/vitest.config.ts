/** For `main.ts`, which says where the tarball and the Nodes are. */
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: join(import.meta.dirname, '..'),
  test: {
    include: ['package/*.test.ts'],
    env: { XDG_DATA_HOME: '/dev/null' },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
