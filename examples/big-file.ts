/**
 * One big file, worked on in byte ranges: 2 million temperatures of 40 stations. It stands in `shared/`, the folder that
 * all calls see, on whatever node they run; only the ranges and the small tables of each range travel.
 */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { burla } from 'burla'

const lines = 2_000_000
const ranges = 16

/** least, greatest, sum and number of the temperatures of a station, in tenths of a degree */
type Table = Record<string, [least: number, greatest: number, sum: number, count: number]>

const [file] = await burla.map(
  async (count: number) => {
    const path = 'shared/temperatures.txt'
    const out = createWriteStream(path)
    for (let line = 0; line < count;) {
      let text = ''
      for (const end = Math.min(count, line + 10_000); line < end; line++) {
        const station = (line * 7919) % 40
        text += `station ${station};${(((line * 31) % 400) - 100 + station) / 10}\n`
      }
      if (!out.write(text)) await once(out, 'drain')
    }
    out.end()
    await once(out, 'close')
    return { path, bytes: out.bytesWritten }
  },
  [lines],
  { name: 'write-file' },
)
if (!file) throw new Error('no file was written')
const { path, bytes } = file

const step = Math.ceil(bytes / ranges)
const tables = await burla.map(
  async (from: number) => {
    const handle = await open(path)
    try {
      // A line belongs to the range in which it begins: the first one is cut off unless it begins with the range.
      const slack = 100
      const start = Math.max(0, from - 1)
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(step + slack + 1), position: start })
      const first = from === 0 ? 0 : buffer.indexOf('\n') + 1
      const end = buffer.indexOf('\n', Math.min(bytesRead, from - start + step) - 1)
      const table: Table = {}
      for (const line of buffer.toString('latin1', first, end === -1 ? bytesRead : end).split('\n')) {
        const [station, degrees] = line.split(';')
        if (station === undefined || degrees === undefined) continue
        const tenths = Math.round(Number(degrees) * 10)
        const [least, greatest, sum, count] = table[station] ?? [tenths, tenths, 0, 0]
        table[station] = [Math.min(least, tenths), Math.max(greatest, tenths), sum + tenths, count + 1]
      }
      return table
    } finally {
      await handle.close()
    }
  },
  Array.from({ length: ranges }, (_, range) => range * step),
  { name: 'read-ranges' },
)

const total: Table = {}
for (const table of tables) {
  for (const [station, [least, greatest, sum, count]] of Object.entries(table)) {
    const known = total[station] ?? [least, greatest, 0, 0]
    total[station] = [Math.min(known[0], least), Math.max(known[1], greatest), known[2] + sum, known[3] + count]
  }
}
await burla.map((done: string) => rm(done), [path], { name: 'remove-file' })

const counted = Object.values(total).reduce((sum, [, , , count]) => sum + count, 0)
console.log(
  `${(bytes / 1e6).toFixed(0)} MB, ${counted.toLocaleString('en')} temperatures of ${Object.keys(total).length} stations`,
)
for (const [station, [least, greatest, sum, count]] of Object.entries(total).slice(0, 3)) {
  console.log(`${station}: ${least / 10} to ${greatest / 10}, ${(sum / count / 10).toFixed(2)} on average`)
}
if (counted !== lines) throw new Error(`${lines - counted} lines were missed`)
