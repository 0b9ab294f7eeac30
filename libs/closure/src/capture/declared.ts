/** What the file around a function says of it. */
import type { Place } from '../inspect/scripts.ts'
import { readSourceFile } from '../references/source-file.ts'
import { childrenOf } from '../text/bindings.ts'
import type { Tree } from '../text/parse.ts'

/** Whether a function is a declaration, whose name belongs to the code around it, and no expression. */
export function isDeclared({ script, offset }: Place): boolean {
  if (!script || offset < 0) return false
  const { program } = readSourceFile(script)
  return program !== undefined && declarationAt(program, offset)
}

function declarationAt(node: Tree, offset: number): boolean {
  if (node.start === offset && node.type === 'FunctionDeclaration') return true
  for (const child of childrenOf(node)) {
    if (child.start <= offset && offset < child.end && declarationAt(child, offset)) return true
  }
  return false
}
