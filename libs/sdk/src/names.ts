/**
 * What a function may refer to of this package: it is not shipped, but known by its name, and inside the function it is
 * what has that name there. So a captured `burla` is the slot's own, with the rights of the slot's job (P9).
 */
import { BurlaError, CancelledError, ExitError, InputLostError, OutOfMemoryError, TimeoutError } from '@burla/protocol'

const errors = { BurlaError, CancelledError, ExitError, InputLostError, OutOfMemoryError, TimeoutError }

const byName = new Map<string, unknown>()
const names = new Map<object, string>()

/** With all that is taken off it: `const { map } = burla`. */
export function giveName(name: string, value: unknown): void {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return
  byName.set(name, value)
  names.set(value, name)
  if (typeof value === 'object') for (const [key, part] of Object.entries(value)) giveName(`${name}.${key}`, part)
}

for (const [name, value] of Object.entries(errors)) giveName(name, value)

export const namesOfPublished: ReadonlyMap<object, string> = names
export const publishedByName: ReadonlyMap<string, unknown> = byName
