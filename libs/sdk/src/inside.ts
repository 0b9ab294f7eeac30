/** What a slot loads when its function refers to something of this package; where it is then, `insideOfCall` says. */
import './burla.ts'

export { publishedByName } from './names.ts'
