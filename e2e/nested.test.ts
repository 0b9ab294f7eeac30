/**
 * Jobs inside calls: `burla` works in a function as it does in a program, on the smallest cluster too.
 */
import { burla } from 'burla'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

const embedded = useEmbedded('file')
void embedded

test('P3 a map inside a map completes on one node of one slot', async () => {
  embedded.shape(1, 1)
  const rows = await burla.map((n) => burla.map((m) => n * 10 + m, [1, 2]), [1, 2])
  expect(rows).toEqual([
    [11, 12],
    [21, 22],
  ])
})
