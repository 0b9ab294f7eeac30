/** The option `setup`: modules as the calling file would import them, looked for while the call is made. */
import { existsSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { isAbsolute } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { BurlaError } from '@burla/protocol'
import { findInstalled } from './installed.ts'

export interface SetupModule {
  /** as given, for messages */
  name: string
  /** the URL of a local file, else as given */
  specifier: string
  /** the URL of the file that it is resolved from */
  from: string
}

/** @throws BurlaError `OPTION_INVALID` for a file or package that is not there */
export function resolveSetup(setup: string[], { from, caller }: { from: string; caller: string }): SetupModule[] {
  return setup.map((name, at) => {
    const specifier = resolveModule(name, from)
    if (specifier !== undefined) return { name, specifier, from }
    throw new BurlaError(
      'OPTION_INVALID',
      `${caller}: the option "setup[${at}]" is '${name}', and there is no such module for ${fileURLToPath(from)}; ` +
        'name it as an import of that file would',
    )
  })
}

function resolveModule(name: string, from: string): string | undefined {
  if (/^\.{0,2}[\\/]|^file:/.test(name) || isAbsolute(name)) {
    return existingFile(isAbsolute(name) ? pathToFileURL(name).href : new URL(name, from).href)
  }
  if (isBuiltin(name) || /^(#|data:)/.test(name)) return name
  const [first = '', second = ''] = name.split('/')
  return findInstalled(first.startsWith('@') ? `${first}/${second}` : first, from) && name
}

/** TypeScript may be named by what it becomes: `./setup.js` is the file setup.ts. */
function existingFile(url: string): string | undefined {
  return [url, url.replace(/\.([mc]?)js(x?)$/, '.$1ts$2')].find((each) => existsSync(fileURLToPath(each)))
}
