/** 100 inputs through an ordinary function, on a cluster that is there for this program only. */
import { burla } from 'burla'

const inputs = Array.from({ length: 100 }, (_, index) => index)
const startedAt = performance.now()

const results = await burla.map(
  async (input: number) => {
    console.log(`processing input #${input}`)
    const { basename } = await import('node:path')
    return { doubled: input * 2, slot: `${process.env['BURLA_NODE_ID']} ${basename(process.cwd())}` }
  },
  inputs,
  { name: 'quickstart', progress: true },
)

const seconds = ((performance.now() - startedAt) / 1000).toFixed(2)
const doubled = results.map((result) => result.doubled)
if (doubled.some((value, index) => value !== index * 2)) throw new Error(`not the doubles in order: ${doubled.join()}`)

console.log(`\n${doubled.length} results, in input order: ${doubled.slice(0, 5).join(', ')}, ... ${doubled.at(-1)}`)
for (const [slot, ran] of Map.groupBy(results, (result) => result.slot))
  console.log(`  ${slot} ran ${ran.length} of them`)
console.log(`in ${seconds} s, the start of the cluster included`)
