import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { callOn, usePool } from './use-pool.ts'

const printed = (index: number, stream: 'stdout' | 'stderr', text: string, run = 1) => ({ index, stream, text, run })

test('what a call prints is delivered before its outcome, tagged with its index, stream and run', async () => {
  const { call, lines } = await usePool((x: string) => {
    console.log(`out ${x}`)
    console.error(`err ${x}`)
    process.stdout.write('no line end')
  })
  for (const index of [0, 1, 2]) {
    await call(index, { index, run: index + 1 })
    expect(lines.splice(0).sort((a, b) => b.stream.localeCompare(a.stream))).toEqual([
      printed(index, 'stdout', `out ${index}`, index + 1),
      printed(index, 'stdout', 'no line end', index + 1),
      printed(index, 'stderr', `err ${index}`, index + 1),
    ])
  }
})

test('P4 20,000 lines, lines of 200 KB and characters cut in two: nothing is lost or given to another input', async () => {
  const { pool, lines, batches } = await usePool(
    (index: number) => {
      const { writeSync } = process.getBuiltinModule('node:fs')
      for (let i = 0; i < 20_000; i++) process.stdout.write(`${index} ${i}\n`)
      console.error(`${index}`.repeat(200_000))
      const euro = Buffer.from('€')
      writeSync(2, euro.subarray(0, 1))
      writeSync(2, euro.subarray(1))
      writeSync(2, Buffer.from(` raw ${index}\r\n`))
    },
    { size: 2 },
  )
  const slots = [pool.take(), pool.take()]
  await Promise.all(
    slots.map(async (slot, first) => {
      if (!slot) throw new Error('no slot')
      for (let index = first; index < 8; index += 2) {
        await callOn(slot, index, { index })
        const own = lines.filter((line) => line.index === index)
        const texts = (stream: string) => own.filter((line) => line.stream === stream).map((line) => line.text)
        expect(texts('stdout')).toEqual(Array.from({ length: 20_000 }, (_, i) => `${index} ${i}`))
        expect(texts('stderr')).toEqual([`${index}`.repeat(200_000), `€ raw ${index}`])
      }
    }),
  )
  expect(lines.length).toBe(8 * 20_002)
  expect(batches()).toBeLessThan(lines.length / 10)
})

test('each of 3,000 short calls has its lines when its outcome is told', async () => {
  const { pool, lines } = await usePool(
    (x: number) => {
      console.error(`${x}`)
      console.log(`${x}`)
    },
    { size: 3 },
  )
  // With a time limit a slot says that it has begun: its channel may then be read before its pipes.
  const missing: number[] = []
  const slots = [pool.take(), pool.take(), pool.take()]
  await Promise.all(
    slots.map(async (slot, first) => {
      if (!slot) throw new Error('no slot')
      for (let index = first; index < 3_000; index += 3) {
        await callOn(slot, index, { index, timeoutMs: 60_000 })
        const own = lines.filter((line) => line.index === index)
        if (own.map((line) => line.text).join() !== `${index},${index}`) missing.push(index)
      }
    }),
  )
  expect(missing).toEqual([])
  expect(lines.length).toBe(6_000)
})

test('what was printed last is there after exit, timeout and throw', async () => {
  const { call, lines } = await usePool((how: string) => {
    for (let i = 0; i < 500; i++) console.log(`${how} ${i}`)
    process.stdout.write('last words')
    if (how === 'exit') process.exit(1)
    if (how === 'throw') throw new Error('no')
    for (;;);
  })
  for (const [index, how] of ['exit', 'throw', 'timeout'].entries()) {
    expect((await call(how, { index, timeoutMs: how === 'timeout' ? 1_000 : null })).type).toBe('error')
    expect(lines.splice(0).map((line) => `${line.index} ${line.text}`)).toEqual([
      ...Array.from({ length: 500 }, (_, i) => `${index} ${how} ${i}`),
      `${index} last words`,
    ])
  }
})

test('what a program that the call runs prints belongs to the call', async () => {
  const { call, lines } = await usePool((text: string) => {
    const { execFileSync } = process.getBuiltinModule('node:child_process')
    console.log('before')
    execFileSync('/bin/sh', ['-c', `echo ${text}; echo ${text} >&2`], { stdio: 'inherit' })
    console.log('after')
  })
  for (const index of [0, 1]) {
    await call(`from sh ${index}`, { index })
    const own = lines.splice(0)
    expect(own.filter((line) => line.stream === 'stdout').map((line) => line.text)).toEqual([
      'before',
      `from sh ${index}`,
      'after',
    ])
    expect(own.every((line) => line.index === index)).toBe(true)
  }
})

test('what is printed outside of calls belongs to none of them', async () => {
  const { call, lines, sharedDir } = await usePool((x: number) => {
    const { existsSync } = process.getBuiltinModule('node:fs')
    const wait = setInterval(() => {
      if (!existsSync('shared/after')) return
      clearInterval(wait)
      console.log('after the call')
    }, 1)
    return x
  })
  await call(1, { index: 1 })
  await writeFile(join(sharedDir, 'after'), '')
  await until('the late line is there', () => lines.length > 0)
  expect(lines).toEqual([printed(-1, 'stdout', 'after the call')])
})

test('P6 a slot that prints without end waits while output is paused, and nothing of it is lost', async () => {
  const { pool, lines } = await usePool((count: number) => {
    const text = 'x'.repeat(1_000)
    for (let i = 0; i < count; i++) console.log(`${i} ${text}`)
  })
  const slot = pool.take()
  if (!slot) throw new Error('no slot')
  await callOn(slot, 0)
  pool.pauseOutput()
  let settled = false
  const outcome = callOn(slot, 20_000).finally(() => (settled = true))
  await until('the slot waits in its write', () => isBlocked(slot.pid as number))
  // What the pipe and the stream before the pause had in hand: 20 MB are to come.
  expect(lines.reduce((bytes, line) => bytes + line.text.length, 0)).toBeLessThan(1_000_000)
  expect(settled).toBe(false)
  pool.resumeOutput()
  expect((await outcome).type).toBe('value')
  expect(lines.length).toBe(20_000)
  expect(lines.every((line, i) => line.text.startsWith(`${i} x`))).toBe(true)
})

test('P4 a call that prints without end can be killed', async () => {
  const { call, pool } = await usePool((spam: boolean) => {
    for (; spam;) console.log('spam')
    return 'ok'
  })
  expect(await call(true, { timeoutMs: 200 })).toMatchObject({ error: { name: 'TimeoutError' } })
  expect(await call(false)).toMatchObject({ value: 'ok' })
  pool.pauseOutput()
  const lost = call(true)
  await pool.killAll()
  expect((await lost).type).toBe('lost')
})

/** Linux says what a process waits for in the kernel: a write to a full pipe. */
function isBlocked(pid: number): boolean {
  return /sock|wait|unix/.test(readFileSync(`/proc/${pid}/wchan`, 'utf8'))
}
