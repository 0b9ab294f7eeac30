import { expect, test } from 'vitest'
import { progressLine, summaryLine, timeLeftMs, type ProgressView } from './progress.ts'

const view: ProgressView = {
  name: 'resize',
  done: 1_234,
  failed: 0,
  known: 10_000,
  ended: true,
  running: 12,
  nodes: 2,
  rate: 350.4,
  elapsedMs: 4_000,
  reason: null,
}

test.each<[string, Partial<ProgressView>, string]>([
  ['a running job', {}, 'resize  1,234/10,000 · 12 running on 2 nodes · 350/s · 25 s left'],
  [
    'one node, slow',
    { nodes: 1, running: 1, rate: 0.25, known: 1_235 },
    'resize  1,234/1,235 · 1 running on 1 node · 0.3/s · 4.0 s left',
  ],
  ['inputs that may go on', { ended: false }, 'resize  1,234/10,000+ · 12 running on 2 nodes · 350/s'],
  ['failures of settle', { failed: 3, rate: 0 }, 'resize  1,234/10,000 · 3 failed · 12 running on 2 nodes'],
  [
    'a wait without a reason',
    { done: 0, nodes: 0, running: 0 },
    'resize  0/10,000 · waiting for a node, since 4.0 s (Ctrl-C cancels)',
  ],
  [
    'nodes that prepare',
    { done: 0, nodes: 2, running: 0, reason: 'installing sharp@0.34.5 on node n' },
    'resize  0/10,000 · installing sharp@0.34.5 on node n, since 4.0 s (Ctrl-C cancels)',
  ],
  [
    'a wait with a reason',
    { done: 0, nodes: 0, running: 0, reason: 'all 16 nodes are busy' },
    'resize  0/10,000 · all 16 nodes are busy, since 4.0 s (Ctrl-C cancels)',
  ],
])('the progress line of %s', (_, changes, line) => {
  expect(progressLine({ ...view, ...changes })).toBe(line)
})

test('the last line says how it ended and how long it took', () => {
  expect(summaryLine({ ...view, done: 10_000, elapsedMs: 61_000 }, 'completed')).toBe(
    'resize  completed: 10,000/10,000 in 61 s',
  )
  expect(summaryLine({ ...view, failed: 1 }, 'failed')).toBe('resize  failed: 1,234/10,000, 1 failed in 4.0 s')
})

test('the time left is told only when it can be known', () => {
  expect(timeLeftMs({ ...view, rate: 0 })).toBeUndefined()
  expect(timeLeftMs({ ...view, ended: false })).toBeUndefined()
  expect(timeLeftMs({ ...view, done: 10_000 })).toBeUndefined()
})
