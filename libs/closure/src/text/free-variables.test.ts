import { describe, expect, test } from 'vitest'
import { findIn } from './free-variables.ts'
import { parseFile } from './parse.ts'

function freeIn(text: string) {
  const root = parseFile(text)
  if (!root) throw new SyntaxError(text)
  return findIn(root, text.startsWith('({'))
}

const tables: [string, string[]][] = [
  ['(a => a + b)', ['b']],
  ['(({ a, b: { c }, ...d }, [e, , f = g], ...h) => [a, b, c, d, e, f, h])', ['b', 'g']],
  ['(() => { const { [key]: value } = o; return value })', ['key', 'o']],
  ['(() => { use(hoisted); var hoisted; { var deep } return deep })', ['use']],
  ['(() => { { let inner = 1; f(inner) } return inner })', ['f', 'inner']],
  ['(() => { for (const x of xs) f(x); return x })', ['xs', 'f', 'x']],
  ['(() => { for (let i = 0; i < n; i++) f(i) })', ['n', 'f']],
  ['(() => { try { f() } catch ({ message }) { g(message) } })', ['f', 'g']],
  ['(() => { switch (x) { case 1: let y = 2; f(y) } })', ['x', 'f']],
  ['(function me() { return [me, arguments, new.target] })', []],
  [
    '(() => { function inner() { return inner } class K extends B { [k] = v; static s = K } return [inner, K] })',
    ['B', 'k', 'v'],
  ],
  [
    '(() => ({ key: value, short, method() { return other }, get g() { return 1 }, [computed]: 1 }))',
    ['value', 'short', 'other', 'computed'],
  ],
  ['(() => object.property.deep)', ['object']],
  ['(() => object[index]?.[other]())', ['object', 'index', 'other']],
  ['(() => { a: for (;;) { break a } })', []],
  ['(() => { assigned = 1; counted++; ({ x: target } = y) })', ['assigned', 'counted', 'target', 'y']],
  ['(() => `${a}${tag`x`}`)', ['a', 'tag']],
  ['(async (x = () => y) => { for await (const z of x()) yield_(z) })', ['y', 'yield_']],
  ['({ method(a) { return a + b } })', ['b']],
  ['(typeof maybe)', ['maybe']],
]

describe('free variables', () => {
  test.each(tables)('%s', (text, names) => {
    expect([...freeIn(text).names.keys()].toSorted()).toEqual(names.toSorted())
  })

  test('members are known as long as a variable is used for nothing else', () => {
    const { names } = freeIn('(() => [ns.a, ns.b(), other.c, other, computed[x]])')
    expect(names.get('ns')?.members).toEqual(new Set(['a', 'b']))
    expect(names.get('other')?.members).toBeNull()
    expect(names.get('computed')?.members).toBeNull()
    expect(freeIn('(() => [other, other.c])').names.get('other')?.members).toBeNull()
  })

  const outer: [string, string[]][] = [
    ['(() => this.x)', ['this']],
    ['(function () { return () => this })', []],
    ['(class { x = this; m() { return super.m() } })', []],
    ['(() => class { x = this })', []],
    ['({ m() { return super.m() } })', ['super']],
    ['(() => ({ m() { return super.m() } }))', []],
    ['(() => arguments.length)', ['arguments']],
  ]
  test.each(outer)('%s needs %o of the code around it', (text, words) => {
    expect([...freeIn(text).outer]).toEqual(words)
  })
})
