/** A text that travels, while it is still being found out what has to be changed in it. */
import type { Place, Scope } from '../inspect/scripts.ts'
import type { Cell, Code } from '../payload/payload.ts'
import { applyEdits, type Edit } from '../text/edits.ts'
import type { AnyFunction } from '../text/parse.ts'
import type { Trail } from './refusals.ts'

export interface Draft {
  /** missing for a declaration that is run again */
  fn?: AnyFunction
  code: Code
  /** the text in the coordinates of the edits */
  source: string
  /** where the text begins in them */
  offset: number
  edits: Edit[]
  variables: Record<string, Cell>
  /** variables whose declaration has not run */
  unset: string[]
  /** names that the text knows: others are new */
  identifiers: ReadonlySet<string>
  place: Place
  scopes: Scope[]
  trail: Trail
}

export function finishDraft({ code, edits, offset }: Draft): void {
  if (edits.length > 0) code.text = applyEdits(code.text, edits, offset)
}
