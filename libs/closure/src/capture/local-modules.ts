/**
 * Modules of the program's own that run where the function runs: those of `setup`, those that a function imports while
 * it runs, and what these import in turn. They travel as text that any Node reads, as they are at the call (P5), and
 * keep their addresses there. What is not found, or cannot be made JavaScript here, is left to the other side, which
 * may have the file.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { LocalModule } from '../payload/payload.ts'
import { isInPackage } from '../references/source-file.ts'
import { withoutTypes } from '../references/typescript.ts'
import { shippedModule } from '../restore/shipped-modules.ts'
import { parseFile } from '../text/parse.ts'
import type { Files } from './files.ts'

/** `import('x')`, as it is written, as it arrives elsewhere, and as vitest makes it. */
const dynamicImport = /(?:\bimport|\$burla\w*|__vite_ssr_dynamic_import__)\s*\(\s*(['"`])([^'"`\n$]+)\1\s*\)/g
const anyImport = /(?:\bfrom|\bimport|(?:\bimport|\brequire)\s*\()\s*(['"])([^'"\n]+)\1/g

export class LocalModules {
  readonly list: LocalModule[] = []
  readonly #files: Files
  readonly #known = new Map<string, LocalModule>()

  constructor(files: Files) {
    this.#files = files
  }

  /** `file`: path or URL of the file that the text stands in. */
  addImportedIn(text: string, file: string): void {
    if (file === '') return
    for (const [, , specifier = ''] of text.matchAll(dynamicImport)) this.add(specifier, file)
  }

  add(specifier: string, from: string): void {
    const asked = addressOf(specifier, from)
    if (asked === undefined) return
    const found = shippedModule(asked) ?? readModule(asked)
    if (!found) return
    const { url, format, text } = found
    const known = this.#known.get(url)
    if (known) {
      if (asked !== url && !known.alias.includes(asked)) known.alias.push(asked)
      return
    }
    const module: LocalModule = { file: this.#files.place(url), format, text, alias: asked === url ? [] : [asked] }
    this.#known.set(url, module)
    this.list.push(module)
    if (format === 'json') return
    for (const [, , imported = ''] of text.matchAll(anyImport)) this.add(imported, url)
  }
}

/** The URL that a relative or absolute specifier stands for; undefined for the name of a package or a builtin. */
function addressOf(specifier: string, from: string): string | undefined {
  if (!/^\.{0,2}\/|^file:/.test(specifier)) return undefined
  const base = from.startsWith('file:') ? from : pathToFileURL(from).href
  const { href, pathname } = new URL(specifier, base)
  return href.startsWith('file:') && !isInPackage(pathname) ? href.replace(/[?#].*$/, '') : undefined
}

function readModule(asked: string): { url: string; format: LocalModule['format']; text: string } | undefined {
  const path = existingFile(fileURLToPath(asked))
  const kind = path && /\.(?:([cm]?)([jt])sx?|json)$/.exec(path)
  if (!kind) return undefined
  const source = readFileSync(path, 'utf8')
  const text = kind[2] === 't' || path.endsWith('x') ? withoutTypes(source, path) : source
  if (text === undefined) return undefined
  const url = pathToFileURL(path).href
  if (kind[2] === undefined) return { url, format: 'json', text }
  return { url, text, format: kind[1] === 'm' || (kind[1] === '' && isModule(path, text)) ? 'module' : 'commonjs' }
}

/** TypeScript and tools let a file be named by what it becomes, or without its extension. */
function existingFile(path: string): string | undefined {
  const typed = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2')
  const extensions = ['', '.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js']
  const candidates = [path, typed, ...extensions.map((extension) => path + extension)]
  return candidates.find((each) => existsSync(each) && statSync(each).isFile())
}

/** As Node decides: by the package's type, and by the text where that says nothing. */
function isModule(path: string, text: string): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const description = join(folder, 'package.json')
    if (existsSync(description)) {
      const { type } = JSON.parse(readFileSync(description, 'utf8')) as { type?: string }
      if (type !== undefined) return type === 'module'
      break
    }
    if (folder === dirname(folder)) break
  }
  const statements = (parseFile(text)?.['body'] ?? []) as { type: string }[]
  return statements.some(({ type }) => /^(Import|Export)/.test(type))
}
