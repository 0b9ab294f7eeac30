/** `burla setup`: what a cluster needs on this machine. */
import { print, type OutputOptions } from './output/print.ts'

export async function setup(output: OutputOptions): Promise<void> {
  const { setupRedis } = await import('@burla/local-cluster')
  // What is about to be done is no part of the answer.
  const found = await setupRedis({ say: (line) => process.stderr.write(`${line}\n`) })
  const redis = found.type === 'program' ? found.path : 'the one at BURLA_REDIS_URL'
  print({ redis }, output, () => `Redis server: ${redis}\n`)
}
