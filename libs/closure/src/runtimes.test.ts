/** Functions that stand in no file, and runtimes that do not let their inspector be asked. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeOf, type Major } from '@burla/testkit/nodes'
import { Workshop } from './fixtures/loaders.ts'

const workshop = new Workshop()
beforeAll(() => workshop.open(), 60_000)
afterAll(() => workshop.close())

async function node(major: Major, args: string[], input = ''): Promise<string> {
  const env = { ...process.env, CLOSURE_BUILT: workshop.built, NODE_OPTIONS: '', NODE_REPL_HISTORY: '' }
  const child = spawn(nodeOf(major), args, { cwd: workshop.folder, env, stdio: 'pipe' })
  child.stdin.end(input)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return stdout + stderr
}

/** What a person would type, and what is to come of it: closures, a class, an import, a variable that is assigned. */
const typed = `
const { captureFunction } = require(process.env.CLOSURE_BUILT)
const factor = 3
let total = 10
class Shape { #sides = 4; sides() { return this.#sides } }
const shape = new Shape()
const add = (n) => { total += n; return total }
const fs = require('node:fs')
const { sep } = require('node:path')
const fn = (n) => [n * factor, add(n), add(n), shape.sides(), typeof fs.readFileSync, sep, os.EOL]
const tell = (name, fn) => console.log('payload ' + JSON.stringify({ [name]: { here: '', bytes: captureFunction(fn).bytes.toString('base64') } }))
`

async function resultOf(output: string): Promise<unknown> {
  const rows = JSON.parse(/payload (\{.*\})/.exec(output)?.[1] ?? '{}') as never
  const { fn } = await workshop.restore(rows)
  return Buffer.from(fn?.there?.split(' ')[1] ?? '', 'base64').toString()
}

test.each<Major>(['20', '22', '24'])('functions that were typed into the REPL, Node %s', async (major) => {
  const output = await node(major, ['--interactive'], `${typed}\ntell('fn', fn)\n`)
  expect(await resultOf(output)).toContain('[12,14,18,4,"function","/","\\n"]')
})

test('functions of --eval', async () => {
  const output = await node('24', ['--eval', `const os = require('node:os')\n${typed}\ntell('fn', fn)`])
  expect(await resultOf(output)).toContain('[12,14,18,4,"function","/","\\n"]')
})

test('with --permission one sentence says what is missing, and with --allow-inspector nothing is', async () => {
  const args = [
    '--permission',
    '--allow-fs-read=*',
    '--eval',
    `const os = require('node:os')\n${typed}\ntell('fn', fn)`,
  ]
  expect(await node('24', args)).toContain(
    'BurlaError: no function can be captured here: V8 does not let its inspector read what the function uses; ' +
      'run the program with Node, and with --permission also --allow-inspector',
  )
  expect(await resultOf(await node('24', ['--allow-inspector', ...args]))).toContain('[12,14,18,4')
})

test('in Bun one sentence says that it cannot be', async () => {
  const code = "Object.defineProperty(process.versions, 'bun', { value: '1.4.5' })"
  expect(await node('24', ['--eval', `${code}\n${typed}\ntell('fn', (n) => n)`])).toContain(
    'BurlaError: no function can be captured here: Bun cannot read what a function uses; run the program with Node',
  )
})
