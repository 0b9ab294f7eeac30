/** The addresses of files, each written once. */
import type { Origin } from '../origins.ts'
import type { Node } from '../payload/payload.ts'

export class Files {
  readonly list: string[] = []
  readonly #places = new Map<string, number>()

  place(file: string): number {
    const known = this.#places.get(file)
    if (known !== undefined) return known
    const place = this.list.push(file) - 1
    this.#places.set(file, place)
    return place
  }

  placeOrigin(origin: Origin): Node {
    if (origin.kind !== 'import') return { kind: origin.kind, file: this.place(origin.file) }
    const { by, specifier, path } = origin
    return { kind: 'import', reference: { by, specifier, file: this.place(origin.file) }, path }
  }
}
