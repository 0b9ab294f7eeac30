/** The registry of nodes: who is there, and since when nothing was heard of whom. */
import type { Redis } from 'ioredis'
import { clusterKeys, lostAfterMs, type NodeRecord, type NodeStatus } from '@burla/protocol'
import { removeRehearsal } from './rehearsal.ts'
import { evenWhenFull } from './scripts.ts'

/** A node that has been silent for this long is no longer in the list. */
const forgottenAfterMs = 4 * lostAfterMs

/** A node says that it lives, and how. */
export async function sayAlive(redis: Redis, node: NodeRecord): Promise<void> {
  await Promise.all([
    evenWhenFull(redis, 'ZADD', clusterKeys.nodes, Date.now(), node.id),
    evenWhenFull(redis, 'SET', clusterKeys.node(node.id), JSON.stringify(node), 'PX', 10 * forgottenAfterMs),
  ])
}

export async function listNodes(redis: Redis): Promise<NodeStatus[]> {
  const scored = await redis.zrange(clusterKeys.nodes, 0, '-1', 'WITHSCORES')
  const ids = scored.filter((_, place) => place % 2 === 0)
  if (ids.length === 0) return []
  const texts = await redis.mget(ids.map((id) => clusterKeys.node(id)))
  return texts.flatMap((text, place) => {
    if (!text) return []
    const { rehearsalId: _own, ...node } = JSON.parse(text) as NodeRecord
    const lastSeenAt = Number(scored[place * 2 + 1])
    const lost = Date.now() - lastSeenAt > lostAfterMs
    return { ...node, state: lost ? 'lost' : node.state, lastSeenAt }
  })
}

export async function removeNode(redis: Redis, nodeId: string): Promise<void> {
  const text = await redis.get(clusterKeys.node(nodeId))
  const node = text === null ? undefined : (JSON.parse(text) as NodeRecord)
  if (node?.rehearsalId) await removeRehearsal(redis, node.rehearsalId)
  await redis.pipeline().zrem(clusterKeys.nodes, nodeId).unlink(clusterKeys.node(nodeId)).exec()
}

/** Forgets nodes that have been silent for so long that nobody asks for them any more. */
export async function forgetOldNodes(redis: Redis): Promise<void> {
  const old = await redis.zrangebyscore(clusterKeys.nodes, '-inf', Date.now() - forgottenAfterMs)
  for (const nodeId of old) await removeNode(redis, nodeId)
}
