/**
 * Modules that came with functions. Node's module hooks give them under the addresses that they had, so that
 * `import.meta`, stacks and what they import are as they were where they were written.
 */
import module from 'node:module'
import type { Payload } from '../payload/payload.ts'

interface Shipped {
  url: string
  format: 'module' | 'commonjs' | 'json'
  text: string
}

/** Data only: without `registerHooks` it is told to a thread of Node's. */
interface Table {
  /** by address */
  modules: Record<string, Shipped>
  /** address as it is asked for -> the module's own */
  addresses: Record<string, string>
  /** address -> from where it looks for packages, when that is elsewhere */
  lookups: Record<string, string>
  /** name of a package -> address of the module that it is here */
  standIns: Readonly<Record<string, string>>
}

const modules = new Map<string, Shipped>()
const addresses = new Map<string, string>()

/** One that came here with a function that this process restored: its file need not be here. */
export function shippedModule(address: string): Shipped | undefined {
  return modules.get(addresses.get(address) ?? address)
}

/** `lookupUrl`: from where a file of the caller's looks for packages here; `standIns`: modules that are packages of these names. */
export function takeModules(
  { modules: shipped, files }: Payload,
  { lookupUrl, standIns }: { lookupUrl: (file: string) => string; standIns: Readonly<Record<string, string>> },
): void {
  if (shipped.length === 0) return
  const table: Table = { modules: {}, addresses: {}, lookups: {}, standIns }
  for (const { file, format, text, alias } of shipped) {
    const url = files[file] ?? ''
    const one = { url, format, text }
    modules.set(url, one)
    table.modules[url] = one
    for (const address of [url, ...alias]) {
      addresses.set(address, url)
      table.addresses[address] = url
    }
    const lookup = lookupUrl(url)
    if (lookup !== url) table.lookups[url] = lookup
  }
  hook(table)
}

function hook(table: Table): void {
  const { registerHooks } = module as { registerHooks?: (hooks: object) => void }
  if (registerHooks) {
    registerHooks(makeHooks(table))
    return
  }
  const text =
    `let hooks; export function initialize(table) { hooks = (${makeHooks.toString()})(table) }\n` +
    'export async function resolve(...args) { return hooks.resolve(...args) }\n' +
    'export async function load(...args) { return hooks.load(...args) }\n'
  module.register(`data:text/javascript,${encodeURIComponent(text)}`, { data: table })
}

interface Context {
  parentURL?: string
}
type Next = (address: string, context: Context) => unknown

/** Refers to nothing around it: its text may run in a thread of its own. */
function makeHooks(table: Table): { resolve: unknown; load: unknown } {
  return {
    resolve(specifier: string, context: Context, next: Next): unknown {
      const parent = context.parentURL ?? ''
      if (/^\.{0,2}\/|^file:/.test(specifier)) {
        const asked = new URL(specifier, parent === '' ? 'file:///' : parent).href
        const url = table.addresses[asked.replace(/[?#].*$/, '')]
        if (url !== undefined) return { url, format: table.modules[url]?.format, shortCircuit: true }
      }
      const standIn = table.standIns[specifier]
      if (standIn !== undefined) return next(standIn, context)
      const lookup = table.lookups[parent]
      return next(specifier, lookup === undefined ? context : { ...context, parentURL: lookup })
    },
    load(url: string, context: Context, next: Next): unknown {
      const found = table.modules[url]
      return found ? { format: found.format, source: found.text, shortCircuit: true } : next(url, context)
    },
  }
}
