/** The files that programs name: small doors to the one library, for `import` and for `require`. */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { dist } from './places.ts'

/** `index` is what is published; `internal`, for our own tests and benches, is not exported: it is reached by its path. */
export function writeDoors(): void {
  const require = createRequire(import.meta.url)
  const library = require(join(dist, 'library.cjs')) as { published: object; internal: object }
  writeDoor('index', 'published', Object.keys(library.published))
  writeDoor('internal', 'internal', Object.keys(library.internal))
}

function writeDoor(door: string, part: 'published' | 'internal', names: string[]): void {
  const named = names.filter((name) => name !== 'default')
  const module = [
    "import library from './library.cjs'",
    `export const { ${named.join(', ')} } = library.${part}`,
    ...(names.includes('default') ? [`export default library.${part}.default`] : []),
  ]
  const commonjs = [
    "'use strict'",
    "Object.defineProperty(exports, '__esModule', { value: true })",
    `const { ${part} } = require('./library.cjs')`,
    // Plain properties: among them is looked for what a function captures of a package.
    ...names.map((name) => `exports.${name} = ${part}.${name}`),
  ]
  writeFileSync(join(dist, `${door}.js`), `${module.join('\n')}\n`)
  writeFileSync(join(dist, `${door}.cjs`), `${commonjs.join('\n')}\n`)
}
