/** The examples, and what each says at its end when it is run as a reader would run it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { nodeArgs } from './under-test.ts'

const folderOfAll = join(import.meta.dirname, '../examples')

export const examples: [name: string, says: RegExp][] = [
  ['option-pricing', /^4,000,000 paths: 7\.1\d+ ± 0\.00\d+; the formula says 7\.1281$/m],
  ['parameter-sweep/sweep', /^8 neighbours, nearness 0: off by 0\.1738$/m],
  ['resize-images', /^37 images made smaller[^]*picture-12\.jpg: [^]*picture-25\.jpg: [^]*picture-38\.jpg: /],
  ['nested-map', /^\[3\] degree 4: tried on 10 parts$[^]*^degree 3: off by 0\.213$[^]*^best: degree 3$/m],
  ['big-file', /2,000,000 temperatures of 40 stations\nstation 0: -10 to 26, 8\.00 on average$/m],
]

/** Its functions look at a web site on this machine. */
export const localExamples: typeof examples = [
  ['scrape', /^57 pages with 87 different links\n6 pages needed more[^]*PageError: \/pages\/57 answered with 404$/m],
]

/** What it printed, run in `cwd`. */
export async function runExample(name: string, cwd: string): Promise<string> {
  const file = join(folderOfAll, `${name}.ts`)
  return (await promisify(execFile)(process.execPath, [...nodeArgs, file], { cwd })).stdout
}
