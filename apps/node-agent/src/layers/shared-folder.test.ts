import { access, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { haveLayer } from './shared-folder.ts'

const { signal } = new AbortController()
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'burla-layers-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function build(into: string): Promise<void> {
  await mkdir(into)
  await writeFile(join(into, 'file'), '')
}

test('of several who want it one builds it, and none goes on before it is whole', async () => {
  let builds = 0
  let begun: () => void = () => undefined
  let finish: () => void = () => undefined
  const beginning = new Promise<void>((resolve) => (begun = resolve))
  const finishing = new Promise<void>((resolve) => (finish = resolve))
  const slowly = async (into: string): Promise<void> => {
    builds++
    await mkdir(into)
    begun()
    await finishing
    await writeFile(join(into, 'file'), '')
  }
  const whole: boolean[] = []
  const all = Promise.all(
    [1, 2, 3].map(async () => {
      await haveLayer(folder, 'key', { build: slowly, signal })
      whole.push((await readdir(join(folder, 'key'))).includes('file'))
    }),
  )
  await beginning
  await expect(access(join(folder, 'key'))).rejects.toThrow('ENOENT')
  finish()
  await all
  expect({ builds, whole }).toEqual({ builds: 1, whole: [true, true, true] })
  expect(await readdir(folder)).toEqual(['key'])
})

test('one that fails leaves nothing, and the next one tries again', async () => {
  const failing = async (into: string): Promise<void> => {
    await build(into)
    throw new Error('no space')
  }
  await expect(haveLayer(folder, 'key', { build: failing, signal })).rejects.toThrow('no space')
  expect(await readdir(folder)).toEqual([])
  await haveLayer(folder, 'key', { build, signal })
  expect(await readdir(folder)).toEqual(['key'])
})

test('P8 what a killed builder has left is built anew', async () => {
  const building = join(folder, 'key.building')
  await mkdir(join(building, 'layer'), { recursive: true })
  const longAgo = new Date(Date.now() - 60_000)
  await utimes(building, longAgo, longAgo)
  await haveLayer(folder, 'key', { build, signal })
  expect(await readdir(folder)).toEqual(['key'])
  expect(await readdir(join(folder, 'key'))).toEqual(['file'])
})

test('P7 whoever waits for another builder can be told to stop', async () => {
  await mkdir(join(folder, 'key.building'))
  const stopping = new AbortController()
  const waiting = haveLayer(folder, 'key', { build, signal: stopping.signal })
  stopping.abort(new Error('the node leaves'))
  await expect(waiting).rejects.toThrow('the node leaves')
})
