/** The registry of nodes: who is there, and since when nothing was heard of whom. */
import type { Redis } from 'ioredis'
import { clusterKeys, lostAfterMs, type NodeRecord } from '@burla/protocol'
import { evenWhenFull } from './scripts.ts'

export interface SeenNode extends Omit<NodeRecord, 'state'> {
  state: NodeRecord['state'] | 'lost'
  lastSeenAt: number
}

/** A node says that it lives, and how. */
export async function sayAlive(redis: Redis, node: NodeRecord): Promise<void> {
  await Promise.all([
    evenWhenFull(redis, 'ZADD', clusterKeys.nodes, Date.now(), node.id),
    evenWhenFull(redis, 'SET', clusterKeys.node(node.id), JSON.stringify(node), 'PX', 4 * lostAfterMs),
  ])
}

export async function listNodes(redis: Redis): Promise<SeenNode[]> {
  const scored = await redis.zrange(clusterKeys.nodes, 0, '-1', 'WITHSCORES')
  const ids = scored.filter((_, place) => place % 2 === 0)
  if (ids.length === 0) return []
  const texts = await redis.mget(ids.map((id) => clusterKeys.node(id)))
  return texts.flatMap((text, place) => {
    if (!text) return []
    const node = JSON.parse(text) as NodeRecord
    const lastSeenAt = Number(scored[place * 2 + 1])
    const lost = Date.now() - lastSeenAt > lostAfterMs
    return { ...node, state: lost ? 'lost' : node.state, lastSeenAt }
  })
}

export async function removeNode(redis: Redis, nodeId: string): Promise<void> {
  await redis.pipeline().zrem(clusterKeys.nodes, nodeId).unlink(clusterKeys.node(nodeId)).exec()
}

/** Forgets nodes that have been silent for so long that nobody asks for them any more. */
export async function forgetOldNodes(redis: Redis): Promise<void> {
  await redis.zremrangebyscore(clusterKeys.nodes, '-inf', Date.now() - 4 * lostAfterMs)
}
