/**
 * What is alive in this process only: connections, files, streams, threads, timers. Which classes are handles is left
 * open: anything of Node's own counts as one that is not known to be as good when its declaration runs again.
 */
import { types } from 'node:util'
import { prototypeName, prototypesOf, withArticle, type Lineage } from './lineage.ts'
import { memberTrail, refusal, type Trail } from './refusals.ts'

const remakeable = new Set(
  (
    'AsyncLocalStorage EventEmitter EventTarget TextEncoder TextDecoder Agent Console StringDecoder Headers ' +
    'NumberFormat DateTimeFormat Collator PluralRules RelativeTimeFormat ListFormat DisplayNames Segmenter Locale'
  ).split(' '),
)

/** How far into an object of a package a handle is looked for. */
const depthLimit = 3
const objectLimit = 2_000

/** A live connection must not silently become a new one that is not connected, also not as part of a package's object. */
export function refuseHandles(lineage: Lineage, value: object, trail: Trail): void {
  const seen = new Set<object>()
  const todo: { object: object; path: string[] }[] = [{ object: value, path: [] }]
  for (const { object, path } of todo) {
    if (seen.size > objectLimit) return
    if (seen.has(object) || types.isProxy(object)) continue
    seen.add(object)
    const why = whyHandle(lineage, object)
    if (why) throw refusal(path.reduce(memberTrail, trail), why, 'open or make it inside the function')
    if (path.length >= depthLimit || ArrayBuffer.isView(object)) continue
    for (const key of Object.keys(object)) {
      const member: unknown = Object.getOwnPropertyDescriptor(object, key)?.value
      if (typeof member === 'object' && member !== null) todo.push({ object: member, path: [...path, key] })
    }
  }
}

function whyHandle(lineage: Lineage, value: object): string | undefined {
  if (types.isPromise(value)) return 'a Promise is settled in this process only'
  if (types.isGeneratorObject(value)) return 'a generator that runs cannot be copied'
  if (types.isExternal(value)) return 'it is a native object'
  for (const proto of prototypesOf(value)) {
    const name = prototypeName(proto)
    if (lineage.kinOf(proto) === 'node' && !remakeable.has(name)) {
      return `${name === '' ? "an object of Node's own" : withArticle(name)} holds something of this process only`
    }
  }
  return undefined
}
