/**
 * The end-to-end suite of embedded clusters, against one in containers: what a program sees is the same. Not here are the
 * files that look at processes of this machine, end the cluster, or give it other shapes.
 */
import { describe } from 'vitest'
import { useCompose } from './use-compose.ts'

useCompose({ nodes: 1, cpusPerNode: 2 })

describe('map', async () => void (await import('../map.test.ts')))
describe('jobs inside calls', async () => void (await import('../nested.test.ts')))
describe('the README', async () => void (await import('../readme.test.ts')))
describe('examples', async () => void (await import('../examples.test.ts')))
