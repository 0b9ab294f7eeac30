/**
 * The end-to-end suite of embedded clusters, against one in containers: what a program sees is the same. Not here are the
 * files that look at processes of this machine, end the cluster, or give it other shapes.
 */
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { examples, runExample } from '../run-example.ts'
import { useCompose } from './use-compose.ts'

useCompose({ nodes: 1, cpusPerNode: 2 })

describe('map', async () => void (await import('../map.test.ts')))
describe('jobs inside calls', async () => void (await import('../nested.test.ts')))
describe('the README', async () => void (await import('../readme.test.ts')))

test.each(examples)('examples/%s', async (name, says) => {
  expect(await runExample(name, tmpdir())).toMatch(says)
})
