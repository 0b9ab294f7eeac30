/**
 * Where values came from that this process got while restoring functions, so that a function which uses them can be
 * captured again: a restored function knows its imports only as values.
 */
export type Origin =
  | { kind: 'import'; by: 'import' | 'require' | 'interop'; specifier: string; file: string; path: string[] }
  | { kind: 'meta' | 'importer' | 'require'; file: string }

const origins = new WeakMap<object, Origin>()

export function rememberOrigin(value: unknown, origin: Origin): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    if (!origins.has(value)) origins.set(value, origin)
  }
}

export function originOf(value: unknown): Origin | undefined {
  return origins.get(value as object)
}
