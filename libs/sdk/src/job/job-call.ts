/** What a call of `burla.map` and its like asks for, checked and captured while the call is made (P5). */
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { encodeValue, errorClassesByNames, BurlaError, insideOfCall, type InsideCall } from '@burla/protocol'
import { captureFunction, type CapturedFunction } from '@burla/closure'
import { whichCluster, type ClusterChoice } from '../clusters/which-cluster.ts'
import { resolveMapOptions, type MapOptions, type ResolvedOptions } from '../options/index.ts'
import type { OwnErrors } from './outcomes.ts'
import type { CallSite } from './call-site.ts'
import { callingFile } from './calling-file.ts'
import { encodingMemory } from './encoding-memory.ts'
import { resolvePackages } from './extra-packages.ts'
import { namesOfPublished } from '../names.ts'
import { openInputs, type InputSource } from './inputs.ts'
import { resolveSetup, type SetupModule } from './setup-modules.ts'
import { shipLayer, type ShippedLayer } from './shipped-layer.ts'

export type Verb = 'map' | 'settle' | 'stream' | 'submit'
export type Inputs<I> = Iterable<I> | AsyncIterable<I>
/** `R` may be a promise: what it resolves with is the result. */
export type MapFunction<I, R> = (input: I, index: number) => R

export interface CallRequest<I, R> {
  verb: Verb
  fn: MapFunction<I, R>
  inputs: Inputs<I>
  options: MapOptions | undefined
  /** the public function: what is above it is the caller's */
  calledBy: (...args: never[]) => unknown
}

export interface JobCall<I> {
  fn: CapturedFunction
  /** what nodes that are other machines have to install; asked for when the job is made */
  layer: () => ShippedLayer | undefined
  source: InputSource<I>
  options: ResolvedOptions
  cluster: ClusterChoice
  /** the call in which it is made; absent in a program */
  within?: InsideCall
  callSite: CallSite
  ownErrors: OwnErrors
}

export function captureCall<I, R>(
  { verb, fn, inputs, options, calledBy }: CallRequest<I, R>,
  callSite: CallSite,
): JobCall<I> {
  checkCallable(fn, verb)
  const resolved = resolveMapOptions(options, fn.name, verb)
  const within = callItIsIn(verb)
  const cluster = whichCluster(resolved.cluster, process.env)
  const isLocal = cluster.type !== 'remote'
  const { packages, setup, from } = namedModules(resolved, { isLocal, verb, calledBy })
  const captured = captureFunction(fn, { setup, byName: namesOfPublished })
  let classes: ReturnType<OwnErrors>['classes']
  const ownErrors = () => ({
    classes: (classes ??= errorClassesByNames(captured.errorClasses())),
    stack: captured.userStack,
  })
  const source = openInputs(inputs, verb)
  // Inside a call the packages are those of that call.
  const layer = () => (isLocal || within ? undefined : shipLayer(captured.packages(), packages, from))
  const all = { ...resolved, packages }
  return { fn: captured, layer, source, options: all, cluster, callSite, ownErrors, ...(within && { within }) }
}

/** What the options name, as the calling file means it. */
function namedModules(
  { packages, setup }: ResolvedOptions,
  { isLocal, verb, calledBy }: { isLocal: boolean } & Pick<CallRequest<never, never>, 'verb' | 'calledBy'>,
): { packages: string[]; setup: SetupModule[]; from: string } {
  if (packages.length === 0 && setup.length === 0) return { packages: [], setup: [], from: '' }
  const [from, caller] = [callingFile(calledBy), `burla.${verb}`]
  return {
    packages: resolvePackages(packages, { from, isLocal, caller }),
    setup: resolveSetup(setup, { from, caller }),
    from: fileURLToPath(from),
  }
}

/** What is started inside a call ends with it, so there must be one. */
function callItIsIn(verb: Verb): InsideCall | undefined {
  const inside = insideOfCall()
  if (!inside) return undefined
  if (verb === 'submit') {
    throw new BurlaError(
      'NOT_SUPPORTED',
      'burla.submit cannot be used inside a function: a job that is started in a call ends with it. Use burla.map, settle or stream',
    )
  }
  const call = inside.call()
  if (call) return call
  throw new BurlaError(
    'JOB_CANCELLED',
    `burla.${verb} was called after the end of the call of job ${inside.jobId} that it is for; await it inside the function`,
  )
}

/** The bytes of an input; what cannot travel is refused by its path, what is too big by its index and size. */
export function encodeInput(input: unknown, index: number): Buffer {
  try {
    return encodeValue(input, `inputs[${index}]`, 'INPUT_NOT_PORTABLE', encodingMemory.take)
  } catch (error) {
    throw error instanceof BurlaError ? Object.assign(error, { inputIndex: index }) : error
  }
}

/** What could be captured, but never called with an input. */
function checkCallable(fn: unknown, verb: Verb): void {
  const refused = (why: string) => new BurlaError('OPTION_INVALID', `burla.${verb}: ${why}`)
  if (typeof fn !== 'function') throw refused(`the first argument must be a function, and not ${typeof fn}`)
  const name = fn.name || 'fn'
  if (types.isGeneratorFunction(fn)) {
    throw refused(`${name} is a generator function, its calls give an iterator; give a function that returns a value`)
  }
  if (/^class\b/.test(Function.prototype.toString.call(fn))) {
    throw refused(`${name} is a class; give a function: (input) => new ${name}(input)`)
  }
}
