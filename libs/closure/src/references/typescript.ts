/** TypeScript as JavaScript, by whatever can do that here: Node itself, or the esbuild that tsx brings along. */
import module, { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Strip = (code: string) => string
const { stripTypeScriptTypes } = module as unknown as { stripTypeScriptTypes?: Strip }

/** Undefined where nothing can, or the text is none. `path`: esbuild is looked for as from there. */
export function withoutTypes(text: string, path: string): string | undefined {
  return (path.endsWith('x') ? undefined : byNode(text)) ?? byEsbuild(text, path)
}

/** Leaves every line and column where it is; cannot do what needs more than leaving out, such as an enum. */
function byNode(text: string): string | undefined {
  const { emitWarning } = process
  // Node says once that it is experimental, on the user's stderr
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes?.(text)
  } catch {
    return undefined
  } finally {
    process.emitWarning = emitWarning
  }
}

interface Esbuild {
  transformSync(text: string, options: object): { code: string }
}

function byEsbuild(text: string, path: string): string | undefined {
  const options = { loader: path.endsWith('x') ? 'tsx' : 'ts', sourcefile: path, target: 'node20' }
  try {
    return findEsbuild(path)?.transformSync(text, options).code
  } catch {
    return undefined
  }
}

/** Installed for the file or the folder of the program, or beside a tsx that is installed elsewhere and runs it. */
function findEsbuild(path: string): Esbuild | undefined {
  const tsx = process.execArgv.filter((argument) => /[\\/]tsx[\\/]/.test(argument))
  for (const from of [path, join(process.cwd(), 'x'), ...tsx.map(asPath)]) {
    const require = createRequire(from)
    const esbuild = load(require, 'esbuild') ?? load(createRequire(locate(require, 'tsx') ?? from), 'esbuild')
    if (esbuild) return esbuild
  }
  return undefined
}

function load(require: NodeJS.Require, name: string): Esbuild | undefined {
  const found = locate(require, name)
  return found === undefined ? undefined : (require(found) as Esbuild)
}

function locate(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}

function asPath(argument: string): string {
  const path = argument.replace(/^--\w+=/, '')
  return path.startsWith('file:') ? fileURLToPath(path) : path
}
