import { expect, test } from 'vitest'
import { clusterPage } from './cluster-page.ts'
import { html } from './html.ts'
import { pageText } from './page.ts'

test('what comes from users is text in a page, never HTML', () => {
  expect(html`<a title="${'"\'<b>&'}">${[html`<i>${1}</i>`]}</a>`.text).toBe(
    '<a title="&#34;&#39;&#60;b&#62;&#38;"><i>1</i></a>',
  )
})

test('the page of a cluster without jobs or nodes says so', () => {
  const text = pageText(clusterPage({ nodes: [], jobs: [], now: 0 }))
  expect(text).toContain('0 nodes')
  expect(text).toContain('No jobs yet')
})

test('a reason is shown with its job, as text', () => {
  const job = {
    id: 'a-0123456789',
    kind: 'attached',
    name: 'a',
    state: 'failed',
    inputs: { known: 3, waiting: 0, running: 0, completed: 1, failed: 2 },
    nodes: 0,
    slots: 0,
    reason: '<script>alert(1)</script>',
    createdAt: 1_000,
    startedAt: 2_000,
    finishedAt: 64_000,
  } as Parameters<typeof clusterPage>[0]['jobs'][number]
  const text = pageText(clusterPage({ nodes: [], jobs: [job], now: 100_000 }))
  expect(text).toContain('&#60;script&#62;alert(1)')
  expect(text).toContain('3 of 3')
  expect(text).toContain('62 s')
})
