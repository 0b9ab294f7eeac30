/** A function in, shippable bytes out; what the function uses is read at this moment (P5). */
import { createHash } from 'node:crypto'
import { BurlaError, largestFunctionBytes } from '@burla/protocol'
import { packageUses, type PackageUse } from '../packages/uses.ts'
import { withInspector } from '../inspect/inspector.ts'
import { encodePayload, type PayloadParts } from '../payload/bytes.ts'
import { payloadVersion } from '../payload/payload.ts'
import { userStack } from '../text/user-stack.ts'
import type { AnyFunction } from '../text/parse.ts'
import { errorClassesAmong, type ErrorClass } from './error-classes.ts'
import { Graph } from './graph.ts'
import { startTrail } from './refusals.ts'
import { tooBig } from './too-big.ts'

export interface CapturedFunction {
  /** sha256 of `bytes`, hex: the function's address */
  digest: string
  name: string
  bytes: Buffer
  /** The program's own classes of errors that the function can throw, and those of packages that its files import. */
  errorClasses(): ErrorClass[]
  /** The stack of an error that the function threw, in the user's own files where a tool has rewritten them. */
  userStack: (stack: string) => string
  /** The packages that it asks for, and from which files. */
  packages(): PackageUse[]
}

export interface CaptureOptions {
  /**
   * Objects and functions that the other side has too: wherever they are captured, only their name travels, and
   * `restoreFunction` puts in what its `named` has under it.
   */
  byName?: ReadonlyMap<object, string>
  /** Modules that are run where the function is restored, before it is made, in this order. */
  setup?: readonly SetupModule[]
  /** Of all of it, encoded. @default 256 MiB */
  mostBytes?: number
}

export interface SetupModule {
  /** for messages */
  name: string
  specifier: string
  /** the file that it is resolved from, as a path or URL */
  from: string
}

/**
 * `fn` with all it closes over, as it is now. Nothing of the program runs meanwhile, getters included.
 *
 * A `BurlaError` `FUNCTION_NOT_PORTABLE` says what cannot travel, by the way to it, and what to do instead; one
 * `FUNCTION_TOO_BIG` lists the largest of what it uses.
 */
export function captureFunction(
  fn: unknown,
  { byName = new Map(), setup = [], mostBytes = largestFunctionBytes }: CaptureOptions = {},
): CapturedFunction {
  if (typeof fn !== 'function') {
    const given = fn === null ? 'null' : `a value of type ${typeof fn}`
    throw new BurlaError('FUNCTION_NOT_PORTABLE', `a function is needed, not ${given}`)
  }
  const callable = fn as AnyFunction
  const { bytes, payload, own, packages } = withInspector((inspector) => {
    const graph = new Graph(inspector, byName)
    const parts = payloadOf(graph, callable, setup)
    return {
      bytes: encodeWithin(mostBytes, parts, graph),
      payload: parts.payload,
      own: errorClassesAmong(graph.reached()),
      packages: graph.packages,
    }
  })
  return {
    digest: createHash('sha256').update(bytes).digest('hex'),
    name: callable.name,
    bytes,
    // Few functions throw, and reading what the files import takes milliseconds.
    errorClasses: () => [...own, ...errorClassesAmong(packages.members())],
    userStack: (stack) => userStack(stack, packages.scripts()),
    packages: () => packageUses(payload),
  }
}

function encodeWithin(mostBytes: number, parts: PayloadParts, graph: Graph): Buffer {
  try {
    const bytes = encodePayload(parts, mostBytes)
    if (typeof bytes === 'number') throw tooBig(graph, parts, mostBytes, bytes)
    return bytes
  } catch (error) {
    // V8 has no strings over 512 MiB; nothing else that is called here throws this
    if (error instanceof RangeError && error.message === 'Invalid string length') throw tooBig(graph, parts, mostBytes)
    throw error
  }
}

function payloadOf(graph: Graph, fn: AnyFunction, setup: readonly SetupModule[]): PayloadParts {
  for (const { specifier, from } of setup) graph.modules.add(specifier, from)
  const root = graph.cellOf(fn, startTrail(fn.name || 'fn'))
  graph.settle()
  const memory = graph.settleMemory()
  return {
    payload: {
      version: payloadVersion,
      node: process.version,
      root,
      nodes: graph.describedNodes(),
      files: graph.files.list,
      globals: graph.variables.globals,
      modules: graph.modules.list,
      setup: setup.map(({ name, specifier, from }) => ({ name, specifier, file: graph.files.place(from) })),
      packages: [],
    },
    data: graph.data,
    memory,
  }
}
