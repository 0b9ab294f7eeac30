/** Whether JSON text carries a value without loss, decided in one pass that allocates nothing for small values. */

/** Deeper values take the other way, which does not recurse. */
const maxDepth = 64

export function isJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isJsonPrimitive(value)
  try {
    return isTree(value, undefined, 0)
  } catch {
    // a getter threw: the other way says which
    return false
  }
}

/** The objects met so far; made when there is a second one. */
type Seen = Set<object> | undefined

function isTree(value: object, seen: Seen, depth: number): boolean {
  if (depth > maxDepth) return false
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype || 'toJSON' in value) return false
    for (let index = 0; index < value.length; index++) {
      const child: unknown = value[index]
      if (typeof child !== 'object' || child === null) {
        if (!isJsonPrimitive(child)) return false
      } else {
        seen ??= new Set<object>([value])
        if (seen.has(child)) return false
        seen.add(child)
        if (!isTree(child, seen, depth + 1)) return false
      }
    }
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false
  for (const key in value) {
    const child: unknown = (value as Record<string, unknown>)[key]
    if (typeof child !== 'object' || child === null) {
      if (!isJsonPrimitive(child)) return false
    } else {
      seen ??= new Set<object>([value])
      if (seen.has(child)) return false
      seen.add(child)
      if (!isTree(child, seen, depth + 1)) return false
    }
  }
  return true
}

function isJsonPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    default:
      return value === null
  }
}
