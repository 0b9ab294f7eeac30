import type { Scope } from '../inspect/scripts.ts'

/** Undefined for a variable whose declaration has not run yet. */
export function readVariable({ variables }: Scope, name: string): { value: unknown } | undefined {
  try {
    return { value: variables[name] }
  } catch (error) {
    if (error instanceof ReferenceError) return undefined
    throw error
  }
}
