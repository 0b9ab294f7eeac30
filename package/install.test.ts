/** `npm i ./burla-<version>.tgz` in an empty folder, and what a user does next, on each Node that is promised. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodes, tarball } from './given.ts'
import { npm } from '@burla/testkit/npm'

const root = join(import.meta.dirname, '..')

/** The README's first program, and what it says that it prints. */
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const [, quickstart = ''] = /```ts\n(\/\/ first\.ts\n[^]*?)```/.exec(readme) ?? []
const [, promised = 'nothing'] = /console\.log\(results\) \/\/ (.*)/.exec(quickstart) ?? []
const inJavaScript = quickstart.replace('(net: number)', '(net)')
/** The same in a module system that has neither `import` nor a top-level `await`. */
const asCommonjs = (code: string, imported: string) =>
  `${imported}\nasync function main() {\n${code.replace(/^import .*$/m, '')}\n}\nvoid main()\n`

describe.each(nodes)('on Node %s', (major, node) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'burla-install-')), 'a földer')
  let said = ''
  beforeAll(() => {
    mkdirSync(folder)
    said = npm(['install', tarball], { cwd: folder, node })
  })
  afterAll(() => rmSync(dirname(folder), { recursive: true }))

  const run = (args: string[]) => {
    const env = {
      PATH: [dirname(node), process.env['PATH']].join(delimiter),
      HOME: dirname(folder),
      XDG_DATA_HOME: '/dev/null',
    }
    const { status, stdout, stderr } = spawnSync(node, args, { cwd: folder, encoding: 'utf8', env })
    return { status, stdout, stderr }
  }
  const runFile = (name: string, text: string, args: string[] = []) => {
    writeFileSync(join(folder, name), text)
    return run([...args, name])
  }
  test('it installs without a warning', () => {
    // this machine's own settings are not the package's business
    const warnings = said
      .split('\n')
      .filter((line) => /warn|deprecated|EBADENGINE/i.test(line) && !line.includes('user config'))
    expect(warnings).toEqual([])
  })

  test('at most 60 packages and 40 MB', () => {
    const packages = npm(['ls', '--all', '--parseable'], { cwd: folder, node })
      .split('\n')
      .filter((line) => line.includes('node_modules'))
    expect(packages.length).toBeLessThanOrEqual(60)
    const entries = readdirSync(join(folder, 'node_modules'), { recursive: true, withFileTypes: true })
    const bytes = entries
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
    const megabytes = bytes.reduce((sum, size) => sum + size, 0) / 1e6
    expect(megabytes).toBeLessThan(40)
    console.log(`Node ${major}: ${packages.length} packages, ${megabytes.toFixed(1)} MB`)
  })

  const quietly = ['--disable-warning=ExperimentalWarning']
  const tsx = ['--import', pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href]
  const typed = "const { burla } = require('burla') as typeof import('burla')"
  const byNode: [way: string, file: string, text: string, args: string[]][] = [
    ['TypeScript as Node runs it', 'first.mts', quickstart, quietly],
    ['TypeScript as Node runs it, in CommonJS', 'first.cts', asCommonjs(quickstart, typed), quietly],
  ]
  test.each<[way: string, file: string, text: string, args: string[]]>([
    ['a module', 'first.mjs', inJavaScript, []],
    ['CommonJS', 'first.cjs', asCommonjs(inJavaScript, "const { burla } = require('burla')"), []],
    ...(major === '20' ? [] : byNode),
    ['TypeScript with tsx', 'second.mts', quickstart, tsx],
    ['TypeScript with tsx, in CommonJS', 'second.cts', asCommonjs(quickstart, "import { burla } from 'burla'"), tsx],
  ])('the quickstart as %s', (_way, file, text, args) => {
    const ended = runFile(file, text, args)
    expect(ended).toEqual({ status: 0, stdout: expect.stringContaining(`[1] processing 20`), stderr: '' })
    expect(ended.stdout.trimEnd().split('\n').at(-1)).toBe(promised)
  })

  test('import and require give the same burla, and its internals are not to be had', () => {
    const ended = runFile(
      'same.mjs',
      `import burla, * as imported from 'burla'
       import { createRequire } from 'node:module'
       const required = createRequire(import.meta.url)('burla')
       console.log(imported.burla === required.burla, burla === required.default, imported.BurlaError === required.BurlaError)
       console.log(await import('burla/internal').catch(({ code }) => code), Object.keys(imported).sort().join())`,
    )
    expect(ended).toEqual({
      status: 0,
      stdout: `true true true\nERR_PACKAGE_PATH_NOT_EXPORTED BurlaError,CancelledError,ExitError,InputLostError,OutOfMemoryError,TimeoutError,burla,default\n`,
      stderr: '',
    })
  })

  test('burla --version, --help and setup', () => {
    const burla = join(folder, 'node_modules/.bin/burla')
    const { version } = JSON.parse(readFileSync(join(root, 'libs/sdk/package.json'), 'utf8')) as { version: string }
    expect(run([burla, '--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
    expect(run([burla, '--help'])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^Usage: burla [^]*\n {2}setup /),
      stderr: '',
    })
    expect(run([burla, 'setup'])).toEqual({ status: 0, stdout: expect.stringMatching(/^Redis server: /m), stderr: '' })
    expect(run([burla, 'nonsense']).status).toBe(2)
  })

  test('the api of its embedded cluster has its pages, and the files that they need', () => {
    const ended = runFile(
      'pages.mjs',
      `import { request } from 'node:http'
       import { inspectEmbedded } from './node_modules/burla/dist/internal.js'
       import { burla } from 'burla'
       const { api: { socketPath }, token } = await inspectEmbedded()
       async function show(path) {
         const asked = request({ socketPath, path, headers: { authorization: 'Bearer ' + token } }).end()
         const answer = await new Promise((resolve, reject) => asked.on('response', resolve).on('error', reject))
         let text = ''
         for await (const chunk of answer) text += chunk
         console.log(answer.statusCode, path, answer.headers['content-type'].split(';')[0])
         return text
       }
       await show('/docs/json')
       for (const page of ['/docs', '/queues/']) {
         const [, script] = /<script[^>]* src="([^"]*)"/.exec(await show(page))
         await show(new URL(script, 'http://api' + page).pathname)
       }
       const running = burla.map(() => new Promise((resolve) => setTimeout(resolve, 2 ** 30)), [1], { name: 'running' })
       running.catch(() => undefined)
       const isThere = async () => (await burla.jobs()).some((job) => job.state === 'running')
       while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 20))
       const { queues } = JSON.parse(await show('/queues/api/queues'))
       console.log(queues.map(({ name, counts }) => name.replace(/-[^-]*$/, '') + ' ' + counts.active).join())
       await burla.close()`,
    )
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(ended.stdout.replaceAll(/\S*\.js /g, 'script ')).toBe(`200 /docs/json application/json
200 /docs text/html
200 script application/javascript
200 /queues/ text/html
200 script text/javascript
200 /queues/api/queues application/json
running 1
`)
  })
})
