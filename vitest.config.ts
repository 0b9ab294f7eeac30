import { defineConfig } from 'vitest/config'

/** Real processes and a real Redis on a shared machine: the bounds say "it hangs", they never measure speed. */
const bounds = (seconds: number) => ({
  testTimeout: seconds * 1000,
  hookTimeout: seconds * 1000,
  teardownTimeout: 20_000,
})

export default defineConfig({
  test: {
    // No test finds the cluster that its developer keeps running; one that starts such a cluster says where.
    env: { XDG_DATA_HOME: '/dev/null' },
    // Most of the time of these tests is waiting; the default on two CPUs is one.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'code',
          include: ['{apps,libs}/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.docker.test.ts'],
          pool: 'forks',
          ...bounds(30),
          sequence: { groupOrder: 0 },
        },
      },
      {
        // whole clusters, after everything else; two at a time, as most of their time is waiting
        test: {
          name: 'e2e',
          include: ['e2e/*.test.ts'],
          pool: 'forks',
          ...bounds(120),
          sequence: { groupOrder: 1 },
        },
      },
      {
        // containers: `npm run test:docker`. Where no engine answers, all of them are skipped, with the reason.
        test: {
          name: 'docker',
          include: ['e2e/docker/*.test.ts', '{apps,libs}/*/src/**/*.docker.test.ts'],
          globalSetup: 'e2e/docker/set-up.ts',
          pool: 'forks',
          fileParallelism: false,
          ...bounds(240),
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
