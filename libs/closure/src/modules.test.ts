/** Modules that a function imports while it runs, and those of `setup`, travel as text, with what they import. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { nodeOf, type Major } from '@burla/testkit/nodes'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Workshop } from './fixtures/loaders.ts'

const workshop = new Workshop()
const folder = mkdtempSync(join(tmpdir(), 'burla-modules-'))
beforeAll(() => workshop.open(), 60_000)
afterAll(() => {
  workshop.close()
  rmSync(folder, { recursive: true, force: true })
})

const files = {
  'package.json': '{ "type": "module" }',
  'node_modules/pack/index.js': 'export const packed = 7',
  'node_modules/pack/package.json': '{ "name": "pack", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
  'lib/later.ts': `
    import { packed } from 'pack'
    import { deep } from './deep/index.js'
    import type { Gone } from './gone.ts'
    export const value: number = packed + deep
    export const where = [import.meta.url, (await import('./deeper.mjs')).deeper]
    export function fails(): never {
      throw new Error('in later.ts')
    }`,
  'lib/deep/index.ts': "import { value } from '../later.ts'\nexport const deep = 10\nexport const around = () => value",
  'lib/deeper.mjs': "import data from './data.json' with { type: 'json' }\nexport const deeper = data.text",
  'lib/data.json': '{ "text": "of json" }',
  'lib/old.cts': "const { join } = require('node:path')\nmodule.exports = { old: join('a', 'b') as string }",
  'lib/setup.ts': "import { deeper } from './deeper.mjs'\nObject.assign(globalThis, { setUp: deeper as string })",
  'program.ts': `
    import { createRequire } from 'node:module'
    const { captureFunction } = createRequire(import.meta.url)(process.env.CLOSURE_BUILT)
    const fn = async () => {
      const later = await import('./lib/later.js')
      const { default: { old } } = await import('./lib/old.cts')
      const stack = (() => { try { later.fails() } catch (error) { return error.stack.split('\\n')[1] } })()
      return [later.value, ...later.where, old, stack, globalThis.setUp]
    }
    const setup = [{ name: './lib/setup.ts', specifier: new URL('./lib/setup.ts', import.meta.url).href, from: import.meta.url }]
    process.stdout.write(captureFunction(fn, { setup }).bytes.toString('base64'))`,
}

/** Twice: captured again where it was restored, as a call inside a call would. */
const restoring = `
const { text } = require('node:stream/consumers')
const { restoreFunction, captureFunction } = require(process.env.CLOSURE_BUILT)
text(process.stdin).then(async (bytes) => {
  const fn = await restoreFunction(Buffer.from(bytes, 'base64'))
  const again = captureFunction(fn).bytes.toString('base64')
  process.stdout.write(JSON.stringify([await fn(1, 0), again]))
})`

function run(major: Major, args: string[], input = ''): string {
  const env = { ...process.env, CLOSURE_BUILT: workshop.built, NODE_OPTIONS: '', VITEST: '' }
  return execFileSync(nodeOf(major), args, { cwd: dirname(workshop.built), env, input, encoding: 'utf8' })
}

test.each<[captured: string, client: Major, node: Major]>([
  ['type stripping', '24', '24'],
  ['type stripping', '24', '20'],
  ['type stripping', '22', '24'],
  ['tsx', '20', '20'],
  ['tsx', '20', '24'],
  ['tsx', '24', '22'],
])('captured with %s on Node %s, run on Node %s where the files are gone', { timeout: 60_000 }, (how, client, node) => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const bytes = run(client, [...(how === 'tsx' ? ['--import', 'tsx'] : []), join(folder, 'program.ts')])
  rmSync(join(folder, 'lib'), { recursive: true })

  const url = `file://${join(folder, 'lib/later.ts')}`
  const expected = [17, url, 'of json', 'a/b', expect.stringContaining(`fails (${url}:`), 'of json']
  const [first, again] = JSON.parse(run(node, ['-e', restoring], bytes)) as [unknown, string]
  expect(first).toEqual(expected)
  const [second] = JSON.parse(run(node, ['-e', restoring], again)) as [unknown]
  expect(second).toEqual(expected)
})
