import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolveSetup } from './setup-modules.ts'

const folder = mkdtempSync(join(tmpdir(), 'burla-modules-'))
const urlOf = (file: string) => pathToFileURL(join(folder, file)).href
beforeAll(() => {
  for (const file of ['a.ts', 'b.mts', 'c.js']) writeFileSync(join(folder, file), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  ['./a.ts', urlOf('a.ts')],
  ['./a.js', urlOf('a.ts')],
  ['./b.mjs', urlOf('b.mts')],
  ['./c.js', urlOf('c.js')],
  [join(folder, 'c.js'), urlOf('c.js')],
  [urlOf('a.ts'), urlOf('a.ts')],
  ['node:fs', 'node:fs'],
  ['#internal', '#internal'],
  ['data:text/javascript,1', 'data:text/javascript,1'],
])('%s is the module that an import would give', (name, specifier) => {
  const from = urlOf('main.ts')
  expect(resolveSetup([name], { from, caller: 'burla.map' })).toEqual([{ name, specifier, from }])
})

test.each(['./a.mts', './none.ts', 'no-package', '/none.js'])('%s is refused', (name) => {
  expect(() => resolveSetup([name], { from: urlOf('main.ts'), caller: 'burla.map' })).toThrow(
    `burla.map: the option "setup[0]" is '${name}', and there is no such module for ${join(folder, 'main.ts')};`,
  )
})
