/**
 * The end-to-end suite of embedded clusters, against one in containers: what a program sees is the same. Not here are the
 * files that look at processes of this machine, end the cluster, or give it other shapes.
 */
import { tmpdir } from 'node:os'
import { burla } from 'burla'
import { describe, expect, test } from 'vitest'
import { examples, runExample } from '../run-example.ts'
import { useCompose } from './use-compose.ts'

useCompose({ nodes: 1, cpusPerNode: 2 })

describe('map', async () => void (await import('../map.test.ts')))
describe('the README', async () => void (await import('../readme.test.ts')))

test.each(examples)('examples/%s', async (name, says) => {
  expect(await runExample(name, tmpdir())).toMatch(says)
})

test('P3 a map inside a map completes, with more calls than slots', async () => {
  const rows = await burla.map((n) => burla.map((m) => n * 10 + m, [1, 2, 3]), [1, 2, 3])
  expect(rows).toEqual([1, 2, 3].map((n) => [n * 10 + 1, n * 10 + 2, n * 10 + 3]))
})
