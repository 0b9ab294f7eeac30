/**
 * Packages of functions on nodes that see nothing of the caller's: a program in a folder of its own, with packages
 * installed there, and a cluster in containers that takes the same ones from the registry that npm is configured for here.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { docker, until, useEngine } from '@burla/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useCompose } from './use-compose.ts'

const engine = useEngine()
const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
const cluster = useCompose({ settings: { BURLA_NPM_REGISTRY: registry } })
let root: string

beforeAll(() => {
  if (!engine.answers) return
  root = realpathSync(mkdtempSync(join(tmpdir(), 'burla-layers-')))
  write('package.json', { dependencies: { own: 'file:./packages/own' }, type: 'module' })
  const own = { name: 'own', version: '1.0.0', main: 'index.ts', dependencies: { 'is-odd': '3.0.1' } }
  write('packages/own/package.json', { ...own, scripts: { install: 'node look-around.cjs' } })
  write(
    'packages/own/index.ts',
    "import isOdd from 'is-odd'\nexport const odd = (n: number): string => (isOdd(n) ? 'odd' : 'even')",
  )
  write('packages/own/look-around.cjs', lookAround)
  const packages = ['is-odd@3.0.1', 'is-even@1.0.0', 'sharp@0.35.5', 'picocolors@1.1.1']
  execFileSync('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: root, stdio: 'pipe' })
  symlinkSync(join(import.meta.dirname, '../../node_modules/burla'), join(root, 'node_modules/burla'))
})

/** What an install script can see and reach. */
const lookAround = `
const { existsSync, writeFileSync } = require('node:fs')
const seen = {
  user: process.getuid(),
  secrets: Object.keys(process.env).filter((name) => /burla|token|password|redis/i.test(name)),
  there: ['/run/burla', '/layers', '/shared', '/burla', '/var/run/docker.sock'].filter((path) => existsSync(path)),
}
require('node:dns').lookup('redis', (error) => {
  writeFileSync('seen.json', JSON.stringify({ ...seen, redis: error ? 'unknown' : 'found' }))
})`

afterAll(() => engine.answers && rmSync(root, { recursive: true }))

function write(path: string, content: object | string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
}

/** Runs it in the folder, and resolves with what it printed as its last line, from JSON. */
async function run(source: string): Promise<unknown> {
  const file = join(root, `program-${++programs}.ts`)
  writeFileSync(file, `import { burla } from 'burla'\n${source}`)
  const env = { PATH: process.env.PATH, HOME: root, ...cluster.env }
  const { stdout } = await execFileAsync(process.execPath, [file], { cwd: root, env })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
let programs = 0
const execFileAsync = promisify(execFile)

async function reasons(): Promise<string[]> {
  const headers = { authorization: `Bearer ${cluster.env.BURLA_TOKEN}` }
  const answer = await fetch(`${cluster.env.BURLA_CLUSTER_URL}/v1/jobs?state=running`, { headers })
  const waiting = await fetch(`${cluster.env.BURLA_CLUSTER_URL}/v1/jobs?state=waiting`, { headers })
  const jobs = await Promise.all(
    [answer, waiting].map((each) => each.json() as Promise<{ jobs: { reason: string }[] }>),
  )
  return jobs.flatMap((each) => each.jobs.map(({ reason }) => reason))
}

/** How many layers were made so far. */
async function installations(): Promise<number> {
  return (await cluster.compose('logs', 'node')).match(/layer \w{12}: made of/g)?.length ?? 0
}

const everyKind = `
import isEven from 'is-even'
import isOdd from 'is-odd'
import sharp from 'sharp'
import { odd } from 'own'
const results = await burla.map(async (n: number) => {
  const { readFileSync, readdirSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const versionAt = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.resolve('is-even')), 'utf8')).version
  const png = await sharp({ create: { width: n, height: 2, channels: 3, background: 'red' } }).png().toBuffer()
  const refused = (action: () => unknown) => { try { return String(action()) } catch (error) { return (error as NodeJS.ErrnoException).code } }
  return {
    even: isEven(n),
    isOdd: isOdd(n),
    own: odd(n),
    width: (await sharp(png).metadata()).width,
    nested: versionAt('node_modules/is-odd/package.json'),
    top: versionAt('../is-odd/package.json'),
    list: refused(() => readdirSync('/layers')),
    write: refused(() => writeFileSync(new URL('index.js', import.meta.resolve('is-even')), '')),
  }
}, [1, 2, 3, 4], { name: 'every-kind' })
console.log(JSON.stringify(results))`

function ofKinds(n: number) {
  const isOdd = n % 2 === 1
  const versions = { nested: '0.1.2', top: '3.0.1' }
  return { even: !isOdd, isOdd, own: isOdd ? 'odd' : 'even', width: n, ...versions, list: 'EACCES', write: 'EROFS' }
}

test('packages of every kind run on nodes: pure, native, nested versions, one of the workspace; once installed for both nodes', async () => {
  const running = run(everyKind)
  await until(
    'it says what it waits for',
    async () => (await reasons()).some((reason) => /^installing .+@.+ and \d+ more on node /.test(reason)),
    { timeoutMs: 60_000 },
  )
  expect(await running).toEqual([1, 2, 3, 4].map(ofKinds))
  expect(await installations()).toBe(1)
})

test('a later job of another program installs nothing', async () => {
  const before = await installations()
  expect(await run(everyKind)).toEqual([1, 2, 3, 4].map(ofKinds))
  expect(await installations()).toBe(before)
})

test('what a function does not show is there when packages names it', async () => {
  const source = (options: string) => `
    const [name, version] = ['picocolors', 'ms']
    const load = (each: string) => import(each).then(() => 'there', (error) => error.code)
    console.log(JSON.stringify(await burla.map(() => Promise.all([load(name), load(version)]), [0], ${options})))`
  expect(await run(source("{ packages: ['picocolors', 'ms@2.1.3'] }"))).toEqual([['there', 'there']])
  expect(await run(source('{}'))).toEqual([['ERR_MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND']])
})

test('P9 an install script has no credential, no folder and nobody of the cluster', async () => {
  const seen = await run(`
    const see = async () => (await import('own/seen.json', { with: { type: 'json' } })).default
    console.log(JSON.stringify(await burla.map(see, [0])))`)
  expect(seen).toEqual([{ user: 1000, secrets: [], there: [], redis: 'unknown' }])
})

test('an image with another Node has a layer of its own, with what is made for that Node', async () => {
  const widthIn = (options: string) =>
    run(`
    import sharp from 'sharp'
    const width = async (n: number) => {
      const png = await sharp({ create: { width: n, height: 1, channels: 3, background: 'red' } }).png().toBuffer()
      return [process.versions.node.split('.')[0], (await sharp(png).metadata()).width]
    }
    console.log(JSON.stringify(await burla.map(width, [5], ${options})))`)
  expect(await widthIn('{}')).toEqual([['24', 5]])
  const before = await installations()
  expect(await widthIn("{ image: 'node:20-bookworm-slim' }")).toEqual([['20', 5]])
  expect(await installations()).toBe(before + 1)
})

test('an install script that fails ends the job with what it said', async () => {
  write('packages/broken/package.json', { name: 'broken', version: '1.0.0', scripts: { install: 'node fail.cjs' } })
  write('packages/broken/fail.cjs', "console.error('there is no compiler'); process.exit(3)")
  symlinkSync('../packages/broken', join(root, 'node_modules/broken'))
  const failure = await run(`
    const failure = await burla.map(() => import('broken'), [0]).catch((error) => error)
    console.log(JSON.stringify([failure.code, failure.message]))`)
  expect(failure).toEqual(['JOB_FAILED', expect.stringMatching(/\(broken@1\.0\.0\): [^]*there is no compiler/)])
})

test('an installation that fails ends the job with the words of npm', async () => {
  const reason = await run(`
    const failure = await burla.map(() => 1, [0], { packages: ['picocolors@99.0.0'] }).catch((error) => error)
    console.log(JSON.stringify([failure.code, failure.message]))`)
  expect(reason).toEqual(['JOB_FAILED', expect.stringContaining('No matching version found for picocolors@99.0.0')])
})

test('a function without packages has no layer, and one that is started inside a call has those of the call', async () => {
  const result = await run(`
    import isOdd from 'is-odd'
    const inner = (n: number) => isOdd(n)
    console.log(JSON.stringify(await burla.map(async (n: number) => burla.map(inner, [n, n + 1]), [1])))`)
  expect(result).toEqual([[true, false]])
})

test('a local module that is imported inside the function finds its packages, and burla', async () => {
  write(
    'tools.ts',
    `import { burla } from 'burla'
    import isOdd from 'is-odd'
    export const odds = (n: number) => burla.map((m: number) => [isOdd(m)], [n])`,
  )
  const result = await run(`
    const nested = async (n: number) => [await (await import('./tools.ts')).odds(n), typeof (await import('burla')).burla.map]
    console.log(JSON.stringify(await burla.map(nested, [3])))`)
  expect(result).toEqual([[[[true]], 'function']])
})

test('P8 nothing is left of what has installed packages', async () => {
  expect(
    await docker('ps', '-aq', '--filter', `label=burla.cluster=${cluster.project}`, '--filter', 'name=burla-layer-'),
  ).toBe('')
})
