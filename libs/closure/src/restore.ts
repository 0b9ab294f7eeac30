/** Bytes of `captureFunction` in, a callable function out, in another process. */
import { join } from 'node:path'
import vm from 'node:vm'
import { decodeValue } from '@burla/protocol'

export function restoreFunction(bytes: Buffer): (input: unknown, index: number) => unknown {
  const { text, base } = decodeValue(bytes) as { text: string; base: string }
  const filename = join(base, 'function.js')
  const options = { filename, importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }
  try {
    return new vm.Script(`"use strict";(${text}\n)`, options).runInThisContext() as never
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return Object.values(new vm.Script(`"use strict";({${text}\n})`, options).runInThisContext() as object)[0] as never
  }
}
