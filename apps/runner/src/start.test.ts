import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const start = fileURLToPath(new URL('./start.cjs', import.meta.url))

test('in an image with an older Node the runner says which one it found, with a code that its agent knows', () => {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '18.20.1' }); require(${JSON.stringify(start)})`
  const { status, stderr } = spawnSync(process.execPath, ['-e', pretend], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 97, stderr: 'its Node is 18.20.1\n' })
})
