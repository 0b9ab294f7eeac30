/** The file of the program that called: what options name is meant as an import of that file would mean it. */
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** As a URL; a file of that name in the working folder, where the caller is no file. `calledBy`: the public function. */
export function callingFile(calledBy: (...args: never[]) => unknown): string {
  const { prepareStackTrace, stackTraceLimit } = Error
  const site: { stack?: unknown } = {}
  try {
    Error.stackTraceLimit = 1
    Error.prepareStackTrace = (_error, [caller]) => caller?.getFileName()
    Error.captureStackTrace(site, calledBy)
    const file = site.stack
    if (typeof file === 'string' && file.startsWith('file:')) return file.replace(/[?#].*$/, '')
    return pathToFileURL(typeof file === 'string' && isAbsolute(file) ? file : join(process.cwd(), '[program]')).href
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  }
}
