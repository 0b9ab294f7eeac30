/** The types in the tarball, as programs of all kinds see them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tarball } from './given.ts'

const root = join(import.meta.dirname, '..')
const bytes = readFileSync(tarball)
const folder = mkdtempSync(join(tmpdir(), 'burla-types-'))

/** TypeScript 7, which the workspace uses, and 5.6, which arethetypeswrong brings. */
const compilers = {
  '7': 'typescript/lib/tsc.js',
  '5.6': '@arethetypeswrong/core/node_modules/typescript/lib/tsc.js',
}

beforeAll(() => {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'burla'), { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', join(modules, 'burla'), '--strip-components=1'])
  cpSync(join(import.meta.dirname, 'consumer.ts'), join(folder, 'consumer.mts'))
  cpSync(join(import.meta.dirname, 'consumer.ts'), join(folder, 'consumer.cts'))
  writeFileSync(
    join(folder, 'required.cts'),
    "import burla = require('burla')\nexport const results: Promise<number[]> = burla.burla.map((x: number) => x, [1])\n",
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

test('arethetypeswrong finds nothing wrong', async () => {
  const { problems } = (await checkPackage(createPackageFromTarballData(bytes))) as { problems: object[] }
  expect(problems).toEqual([])
})

test('publint finds nothing to say', async () => {
  const tarballData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: tarballData }, strict: true })
  expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([])
})

const ways = [
  ['node16', 'node16', ['consumer.mts', 'consumer.cts', 'required.cts']],
  ['nodenext', 'nodenext', ['consumer.mts', 'consumer.cts', 'required.cts']],
  ['esnext', 'bundler', ['consumer.mts']],
] as const

test.each(Object.keys(compilers).flatMap((version) => ways.map((way) => [version, ...way] as const)))(
  'TypeScript %s, module %s, moduleResolution %s: what should compile does, what should not does not',
  (version, module, moduleResolution, programs) => {
    const compiler = join(root, 'node_modules', compilers[version as keyof typeof compilers])
    expect(existsSync(compiler)).toBe(true)
    const options = {
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      target: 'es2022',
      esModuleInterop: true,
      module,
      moduleResolution,
    }
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    const { status, stdout } = spawnSync(process.execPath, [compiler, ...args, ...programs], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  },
)
