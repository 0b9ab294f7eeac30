import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeValue, encodeValue } from './index.ts'

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 20 }).map((view) => Buffer.from(view)),
  fc.float64Array({ maxLength: 5 }),
  fc.int16Array({ maxLength: 5 }),
  fc.bigInt64Array({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 20 }).map((view) => view.slice().buffer),
)

const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'prototype', 'a.b', '0', '', 'then'))

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, NaN, Infinity, 'a\ud800'),
  fc.date({ noInvalidDate: false }),
  fc.webUrl().map((text) => new URL(text)),
  bytes,
)

const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('anything'), { maxLength: 5 }),
    fc.sparseArray(tie('anything'), { maxLength: 8 }),
    fc.dictionary(key, tie('anything'), { maxKeys: 5 }),
    fc.array(fc.tuple(tie('anything'), tie('anything')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('anything'), { maxLength: 4 }).map((values) => new Set(values)),
  ),
}))

test('whatever is encoded comes back equal', () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(isDeepStrictEqual(decodeValue(encodeValue(value)), value)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

/** A graph as a list of nodes and of arrows between them, so that any sharing and any cycle can come up. */
const graph = fc
  .array(fc.constantFrom('object', 'array', 'map', 'set', 'nullproto'), { minLength: 1, maxLength: 8 })
  .chain((kinds) => {
    const place = fc.nat(kinds.length - 1)
    return fc.tuple(fc.constant(kinds), fc.array(fc.tuple(place, place, key), { maxLength: 20 }))
  })

function build([kinds, arrows]: [string[], [number, number, string][]]): object[] {
  const nodes = kinds.map((kind): object => {
    if (kind === 'array') return []
    if (kind === 'map') return new Map()
    if (kind === 'set') return new Set()
    return kind === 'object' ? {} : (Object.create(null) as object)
  })
  for (const [from, to, name] of arrows) {
    const [node, target] = [nodes[from] as object, nodes[to] as object]
    if (Array.isArray(node)) node.push(target)
    else if (node instanceof Map) node.set(arrows.length % 2 ? target : name, target)
    else if (node instanceof Set) node.add(target)
    else Object.defineProperty(node, name, { value: target, enumerable: true, writable: true, configurable: true })
  }
  return nodes
}

/** The same shape: walked side by side, each object of one meets always the same object of the other. */
function sameShape(one: unknown, other: unknown, pairs = new Map<unknown, unknown>()): boolean {
  if (typeof one !== 'object' || one === null) return Object.is(one, other)
  if (pairs.has(one)) return pairs.get(one) === other
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false
  pairs.set(one, other)
  const [ones, others] = [childrenOf(one), childrenOf(other as object)]
  return ones.length === others.length && ones.every((child, at) => sameShape(child, others[at], pairs))
}

function childrenOf(object: object): unknown[] {
  if (object instanceof Map) return [...object].flat()
  return object instanceof Set ? [...object] : Object.entries(object).flat()
}

test('shared references and cycles come back in the same shape', () => {
  fc.assert(
    fc.property(graph, (description) => {
      const nodes = build(description as [string[], [number, number, string][]])
      expect(sameShape(nodes, decodeValue(encodeValue(nodes)))).toBe(true)
      expect(sameShape(nodes[0], decodeValue(encodeValue(nodes[0])))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
