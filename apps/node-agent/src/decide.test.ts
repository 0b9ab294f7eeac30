import {
  turnMs,
  windowBytes,
  type Claim,
  type JobKind,
  type JobParent,
  type JobState,
  type NodeSize,
} from '@burla/protocol'
import type { JobView } from '@burla/queue'
import { someCall, someJob } from '@burla/testkit'
import { describe, expect, test } from 'vitest'
import { decide, type Self } from './decide.ts'

const now = 1_000_000

interface JobSketch {
  state?: JobState
  known?: number
  finished?: number
  waiting?: number
  cpus?: number
  maxParallelism?: number
  nodeMs?: number
  ageMs?: number
  started?: boolean
  untakenBytes?: number
  kind?: JobKind
  claims?: Partial<Claim>[]
  /** the job at the top of its tree, and the call that it was started in */
  tree?: string
  parent?: JobParent
}

function job(id: string, sketch: JobSketch = {}): JobView {
  const { known = 10, finished = 0, waiting = 5, ageMs = 60_000, started = true } = sketch
  return {
    record: {
      ...someJob({ id, known, kind: sketch.kind ?? 'attached' }),
      ended: true,
      call: { ...someCall, cpus: sketch.cpus ?? 1, maxParallelism: sketch.maxParallelism ?? null },
      state: sketch.state ?? 'running',
      reason: null,
      waitReason: null,
      keptBytes: null,
      ...(sketch.parent && { parent: sketch.parent }),
      treeId: sketch.tree ?? id,
      depth: sketch.parent ? 1 : 0,
      nodeMsBelow: 0,
      nodeMs: sketch.nodeMs ?? 0,
      createdAt: now - ageMs,
      startedAt: started ? now - ageMs : null,
      finishedAt: null,
    },
    counts: { completed: finished, failed: 0, storedBytes: sketch.untakenBytes ?? 0, takenBytes: 0 },
    claims: (sketch.claims ?? []).map((claim) => ({
      nodeId: 'other',
      state: 'active',
      slots: 2,
      runnerId: null,
      claimedAt: now,
      ...claim,
    })),
    waiting,
    delayed: 0,
    running: 0,
  }
}

const sized = (cpus: number): NodeSize => ({ cpus, memoryGiB: 4, containers: true })
const idle: Self = { nodeId: 'n', size: sized(2) }
type Load = { running?: number; held?: number; blocked?: boolean }
const serving = (treeId: string, more: Partial<NonNullable<Self['serving']>> & Load = {}): Self => {
  const { running = 0, held = 0, blocked = false, ...rest } = more
  const jobs = new Map([[treeId, { running, held, blocked }]])
  return { ...idle, serving: { treeId, jobs, forMs: 0, draining: false, freeCpus: 0, runs: () => false, ...rest } }
}
const sizes = new Map([
  ['n', sized(2)],
  ['other', sized(2)],
])
const see = (jobs: JobView[], idleCpus: number[] = []) => ({ jobs, idle: idleCpus.map(sized), sizes, now })
const stay = { type: 'stay' }

describe('D1 an idle node', () => {
  test('takes the job with the least node time, its claims under way included', () => {
    const jobs = [
      job('a', { nodeMs: 500 }),
      job('b', { nodeMs: 100, claims: [{ slots: 1, claimedAt: now - 1_000 }] }),
      job('c', { nodeMs: 200 }),
    ]
    expect(decide(idle, see(jobs))).toEqual({ type: 'claim', jobId: 'c', slots: 2 })
  })

  test('between equals takes the older one', () => {
    expect(decide(idle, see([job('young', { ageMs: 1 }), job('old', { ageMs: 9 })]))).toMatchObject({ jobId: 'old' })
  })

  test.each<[string, JobSketch]>([
    ['is finished', { state: 'completed' }],
    ['is being cancelled', { state: 'cancelling' }],
    ['has all its inputs done', { finished: 10 }],
    ['has nothing to pull', { waiting: 0 }],
    ['needs more CPUs for a call than the node has', { cpus: 4 }],
    ['has as many slots as it can use', { known: 2, waiting: 2, claims: [{}] }],
    ['has as many slots as it may use', { maxParallelism: 2, claims: [{}] }],
    ['has a client that does not read', { untakenBytes: windowBytes + 1 }],
  ])('leaves a job alone that %s', (_, sketch) => {
    expect(decide(idle, see([job('a', sketch)]))).toEqual(stay)
  })

  test('P6 takes a submitted job however much of its results is kept', () => {
    const kept = job('a', { kind: 'submitted', untakenBytes: windowBytes + 1 })
    expect(decide(idle, see([kept]))).toMatchObject({ type: 'claim', jobId: 'a' })
  })

  test('takes a new job before its first input has arrived, but only a new one', () => {
    expect(decide(idle, see([job('a', { waiting: 0, started: false, ageMs: 10 })]))).toMatchObject({ type: 'claim' })
    expect(decide(idle, see([job('a', { waiting: 0, started: false, ageMs: 60_000 })]))).toEqual(stay)
  })

  test.each([
    [1, 2],
    [2, 1],
    [0.5, 4],
    [0.1, 20],
  ])('gives a job of %d CPUs for each call %d slots', (cpus, slots) => {
    expect(decide(idle, see([job('a', { cpus, known: 99 })]))).toMatchObject({ slots })
  })
})

describe('D2 a node whose job has nothing for it', () => {
  test('keeps it while nobody else wants a node', () => {
    expect(decide(serving('a'), see([job('a', { waiting: 0 })]))).toEqual(stay)
    expect(decide(serving('a'), see([job('a', { waiting: 0 }), job('b', { waiting: 0 })]))).toEqual(stay)
  })

  test('gives it back at once when another job wants a node', () => {
    expect(decide(serving('a'), see([job('a', { waiting: 0 }), job('b')]))).toEqual({ type: 'release' })
  })

  test('gives it back when the client does not read, though inputs wait', () => {
    expect(decide(serving('a', { blocked: true }), see([job('a'), job('b')]))).toEqual({ type: 'release' })
  })

  test('leaves the other job to an idle node that it fits', () => {
    const jobs = [job('a', { waiting: 0 }), job('b', { cpus: 2 })]
    expect(decide(serving('a'), see(jobs, [2]))).toEqual(stay)
    expect(decide(serving('a'), see(jobs, [1]))).toEqual({ type: 'release' })
  })
})

describe('D3 a node with work', () => {
  const busy = (forMs: number) => serving('a', { running: 2, forMs })

  test('changes to a job without a node when its turn is over, not before', () => {
    const jobs = [job('a'), job('b')]
    expect(decide(busy(turnMs - 1), see(jobs))).toEqual(stay)
    expect(decide(busy(turnMs), see(jobs))).toEqual({ type: 'change', jobId: 'b', slots: 2 })
  })

  test('does not leave its job for one that has a node, or was taken by one that will change to it', () => {
    expect(decide(busy(turnMs), see([job('a'), job('b', { claims: [{ slots: 1 }] })]))).toEqual(stay)
    expect(decide(busy(turnMs), see([job('a'), job('b', { claims: [{ state: 'reserved', slots: 1 }] })]))).toEqual(stay)
  })

  test('does nothing more while it is giving its job back', () => {
    const draining = serving('a', { forMs: turnMs, draining: true })
    expect(decide(draining, see([job('a', { waiting: 0 }), job('b')]))).toEqual(stay)
  })
})

describe('D4 a node whose tree has more jobs', () => {
  const call = { jobId: 'a', input: 0, call: 'r:1' }
  const below = (sketch: JobSketch = {}) => job('child', { tree: 'a', parent: call, ...sketch })
  const roomy = { running: 1, freeCpus: 1 }
  const join = { type: 'join', jobId: 'child', slots: 1 }

  test('serves them beside each other in the room that is left, and in no more', () => {
    expect(decide(serving('a', roomy), see([job('a'), below()]))).toEqual(join)
    expect(decide(serving('a', { running: 2 }), see([job('a'), below()]))).toEqual(stay)
    expect(decide(serving('a', roomy), see([job('a'), below({ cpus: 2 })]))).toEqual(stay)
  })

  test('P3 leaves a job of another tree alone, whatever room it has', () => {
    expect(decide(serving('a', roomy), see([job('a', { waiting: 0 }), job('b')]))).toEqual(stay)
  })

  test('P3 while it gives the tree back, serves what is below calls that run here, and nothing else', () => {
    const draining = { ...roomy, draining: true }
    const jobs = [job('a'), below(), job('b')]
    expect(decide(serving('a', draining), see(jobs))).toEqual(stay)
    const runs = ({ jobId }: JobParent) => jobId === 'a'
    expect(decide(serving('a', { ...draining, runs }), see(jobs))).toEqual(join)
  })

  test('P3 has nothing for its tree only when no job of it has anything here', () => {
    const jobs = [job('a', { waiting: 0 }), below({ waiting: 0 }), job('b')]
    expect(decide(serving('a', { running: 1, forMs: 1 }), see(jobs))).toEqual(stay)
    expect(decide(serving('a'), see(jobs))).toEqual({ type: 'release' })
  })

  test('D3 does not change to a tree of which a node may serve the job itself', () => {
    const other = [
      job('b', { waiting: 0, claims: [{ slots: 1 }] }),
      job('child', { tree: 'b', parent: { ...call, jobId: 'b' } }),
    ]
    const busy = serving('a', { running: 2, forMs: turnMs })
    expect(decide(busy, see([job('a'), ...other]))).toEqual(stay)
    const small = new Map([...sizes, ['other', sized(0.5)] as const])
    expect(decide(busy, { ...see([job('a'), ...other]), sizes: small })).toMatchObject({
      type: 'change',
      jobId: 'child',
    })
  })

  test('D1 counts the time of a tree once for each node, and that of its jobs which are over', () => {
    const twice = { slots: 1, claimedAt: now - 1_000 }
    const jobs = [
      job('x', { nodeMs: 100, claims: [twice] }),
      job('y', { tree: 'x', parent: call, claims: [twice] }),
      job('z', { nodeMs: 1_500 }),
    ]
    expect(decide(idle, see(jobs))).toMatchObject({ type: 'claim', jobId: 'x' })
    for (const { record } of jobs) record.nodeMsBelow = record.id === 'x' ? 500 : 0
    expect(decide(idle, see(jobs))).toMatchObject({ type: 'claim', jobId: 'z' })
  })
})
