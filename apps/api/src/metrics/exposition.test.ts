import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeMetrics } from './exposition.ts'

test('a metric is its help, its type and a line per sample', () => {
  const samples = [{ value: 1.5 }, { labels: { le: '+Inf', route: '/v1' }, series: '_bucket', value: 2 }] as const
  expect(encodeMetrics([{ name: 'burla_x_seconds', help: 'a\\b\nc', type: 'histogram', samples: [...samples] }])).toBe(
    '# HELP burla_x_seconds a\\\\b\\nc\n# TYPE burla_x_seconds histogram\n' +
      'burla_x_seconds 1.5\nburla_x_seconds_bucket{le="+Inf",route="/v1"} 2\n',
  )
})

test('no text in a label ends its line or its quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', '\\', '\n', 'n', '}', ' ') }), (text) => {
      const metric = { name: 'm', help: '', type: 'gauge', samples: [{ labels: { text }, value: 1 }] } as const
      const line = encodeMetrics([{ ...metric, samples: [...metric.samples] }]).split('\n')[2]
      const [, escaped = ''] = /^m\{text="((?:[^"\\]|\\["\\n])*)"\} 1$/.exec(line ?? '') ?? []
      const back = escaped.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
      expect(back).toBe(text)
    }),
  )
})
