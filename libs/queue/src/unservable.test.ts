import type { Claim, JobState, NodeStatus } from '@burla/protocol'
import { someCall, someJob } from '@burla/testkit'
import { expect, test } from 'vitest'
import type { JobView } from './job-view.ts'
import { createHopelessness, whyUnservable } from './unservable.ts'

function job(sketch: {
  cpus?: number
  state?: JobState
  waiting?: number
  delayed?: number
  claims?: number
}): JobView {
  const { cpus = 1, state = 'waiting', waiting = 1, delayed = 0, claims = 0 } = sketch
  const times = { createdAt: 0, startedAt: null, finishedAt: null, nodeMs: 0 }
  return {
    record: {
      ...someJob({ call: { ...someCall, cpus } }),
      ...{ ...times, state, ended: true, reason: null, waitReason: null, keptBytes: null },
      ...{ nodeMsBelow: 0, treeId: 'tree', depth: 0 },
    },
    counts: { completed: 0, failed: 0, storedBytes: 0, takenBytes: 0 },
    claims: Array.from({ length: claims }, () => ({}) as Claim),
    ...{ waiting, delayed, running: 0 },
  }
}

function node(id: string, more: Partial<NodeStatus> = {}): NodeStatus {
  const states = { state: 'idle', jobId: null, running: 0, fault: null, warm: true } as const
  return {
    id,
    ...states,
    cpus: 2,
    memoryGiB: 1,
    containers: false,
    provider: 'process',
    startedAt: 0,
    lastSeenAt: 0,
    ...more,
  }
}

const faulty = (id: string) => node(id, { fault: 'it ended with exit code 1' })

test.each([
  ['no node is there', job({}), []],
  ['no node is there', job({}), [node('a', { state: 'lost' })]],
  ['a call needs 4 CPUs, and the largest node has 2', job({ cpus: 4 }), [node('a', { cpus: 1 }), node('b')]],
  [
    'a call needs 4 CPUs, and the largest node has 2',
    job({ cpus: 4, waiting: 0, delayed: 1 }),
    [node('a'), node('b', { cpus: 8, state: 'lost' })],
  ],
  [
    'no runner can be started on node b: it ended with exit code 1',
    job({ cpus: 2 }),
    [node('a', { cpus: 1 }), faulty('b')],
  ],
])('%s', (reason, view, nodes) => {
  expect(whyUnservable(view, nodes)).toMatchObject({ reason, hopeless: nodes.some(({ state }) => state !== 'lost') })
})

test.each([
  ['is served', job({ cpus: 4, claims: 1 })],
  ['has nothing in the queue', job({ cpus: 4, waiting: 0 })],
  ['is being cancelled', job({ cpus: 4, state: 'cancelling' })],
  ['is over', job({ cpus: 4, state: 'completed' })],
  ['finds a node that is busy', job({ cpus: 2 })],
])('nothing is said of a job that %s', (_, view) => {
  expect(whyUnservable(view, [node('a', { state: 'claimed' }), faulty('b')])).toBeUndefined()
})

test('hopelessness lasts when it was never interrupted for so long', () => {
  const hopelessness = createHopelessness(100)
  expect(hopelessness.lasts('a', true, 0)).toBe(false)
  expect(hopelessness.lasts('b', true, 50)).toBe(false)
  expect(hopelessness.lasts('a', true, 99)).toBe(false)
  expect(hopelessness.lasts('a', true, 100)).toBe(true)
  expect(hopelessness.lasts('b', false, 100)).toBe(false)
  expect(hopelessness.lasts('b', true, 150)).toBe(false)
  expect(hopelessness.lasts('b', true, 249)).toBe(false)
  expect(hopelessness.lasts('b', true, 250)).toBe(true)
})
