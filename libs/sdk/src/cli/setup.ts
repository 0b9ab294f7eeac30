/** `burla setup`: what an embedded cluster needs on this machine. */

export async function setup(): Promise<void> {
  const { setupRedis } = await import('@burla/local-cluster')
  const found = await setupRedis({ say: (line) => process.stdout.write(`${line}\n`) })
  const where = found.type === 'program' ? found.path : 'the one at BURLA_REDIS_URL'
  process.stdout.write(`Redis server: ${where}\n`)
}
