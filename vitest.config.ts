import { defineConfig } from 'vitest/config'

/** Real processes and a real Redis on a shared machine: the bounds say "it hangs", they never measure speed. */
const bounds = (seconds: number) => ({
  testTimeout: seconds * 1000,
  hookTimeout: seconds * 1000,
  teardownTimeout: 20_000,
})

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'code',
          include: ['{apps,libs}/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          pool: 'forks',
          ...bounds(30),
          sequence: { groupOrder: 0 },
        },
      },
      {
        // whole clusters, one file at a time, after everything else: each one wants the machine for itself
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          ...bounds(120),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
