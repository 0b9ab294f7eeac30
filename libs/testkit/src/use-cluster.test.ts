import { existsSync } from 'node:fs'
import { askRedis } from '@burla/local-cluster'
import { describe, expect, test } from 'vitest'
import { leftovers } from './leftovers.ts'
import { useCluster } from './use-cluster.ts'

let folder = ''

describe('useCluster', () => {
  const cluster = useCluster({ nodes: 2 })

  test('gives a cluster of real parts', async () => {
    folder = cluster.folder
    expect(cluster.pids.agents).toHaveLength(2)
    expect(existsSync(cluster.api.socketPath)).toBe(true)
    expect(existsSync(cluster.sharedDir)).toBe(true)
    expect(await askRedis(cluster.redis, [['PING']])).toEqual(['PONG'])
  })
})

test('P8 useCluster leaves nothing', () => {
  expect(folder).not.toBe('')
  expect(leftovers({ folder })).toEqual([])
})
