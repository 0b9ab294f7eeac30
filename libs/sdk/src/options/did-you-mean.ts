/** The name that somebody meant, if one is near: a slip or two away, or a part of it. */
export function closestName(typed: string, names: readonly string[]): string | undefined {
  const asked = typed.toLowerCase()
  const ranked = names
    .map((name) => ({ name, slips: slipsBetween(asked, name.toLowerCase()) }))
    .sort((one, other) => one.slips - other.slips)
  const best = ranked[0]
  if (best && best.slips <= Math.max(1, Math.floor(asked.length / 3))) return best.name
  if (asked.length < 4) return undefined
  return names.find((name) => name.toLowerCase().includes(asked) || asked.includes(name.toLowerCase()))
}

/** Letters to add, drop, change or swap with a neighbour (optimal string alignment distance). */
function slipsBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Infinity
  for (let row = 1; row <= one.length; row++) {
    rows[row] = [row]
    for (let column = 1; column <= other.length; column++) {
      const changed = one[row - 1] === other[column - 1] ? 0 : 1
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      ;(rows[row] as number[])[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + changed,
        swapped ? at(row - 2, column - 2) + 1 : Infinity,
      )
    }
  }
  return at(one.length, other.length)
}
