/**
 * A word count over real text: the READMEs and licences of the installed packages. One call of `countWords` for each
 * file, then one call of `addUp` for each 50 counts.
 */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { burla } from 'burla'

type Counts = Record<string, number>

const root = fileURLToPath(new URL('..', import.meta.url))
const paths = globSync('node_modules/**/{README*,readme*,LICEN[CS]E*,licen[cs]e*}', { cwd: root, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`)
  .sort()
const texts = paths.map((path) => readFileSync(path, 'utf8'))
const megabytes = (texts.reduce((sum, text) => sum + text.length, 0) / 1e6).toFixed(1)
console.log(`counting the words of ${texts.length} files, ${megabytes} MB`)

const startedAt = performance.now()
const counted = await burla.map(
  async (text: string) => {
    const { basename } = await import('node:path')
    const counts = new Map<string, number>()
    for (const word of text.toLowerCase().match(/\p{L}{4,}/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)
    const slot = `${process.env['BURLA_NODE_ID']} ${basename(process.cwd())}`
    return { counts: Object.fromEntries(counts) as Counts, slot }
  },
  texts,
  { name: 'count-words', progress: true },
)

const addUp = (many: Counts[]) => {
  const sums = new Map<string, number>()
  for (const counts of many) {
    for (const [word, count] of Object.entries(counts)) sums.set(word, (sums.get(word) ?? 0) + count)
  }
  return Object.fromEntries(sums) as Counts
}
const groups = Array.from({ length: Math.ceil(counted.length / 50) }, (_, group) =>
  counted.slice(group * 50, (group + 1) * 50).map((result) => result.counts),
)
const total = addUp(await burla.map(addUp, groups, { name: 'add-up', progress: true }))
const seconds = ((performance.now() - startedAt) / 1000).toFixed(2)

const words = Object.entries(total).sort(([, a], [, b]) => b - a)
const sum = words.reduce((all, [, count]) => all + count, 0)
console.log(`\n${sum} words of four letters and more, ${words.length} different ones; the most frequent:`)
for (const [word, count] of words.slice(0, 10)) console.log(`${String(count).padStart(8)}  ${word}`)
for (const [slot, ran] of Map.groupBy(counted, (result) => result.slot))
  console.log(`  ${slot} counted ${ran.length} files`)
console.log(`in ${seconds} s, the start of the cluster included`)
