/** Everything that a call prints, by whatever way, arrives in the caller's terminal: whole, once, on its own stream. */
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const configured = `
import { spawnSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { burla } from 'burla'
import { configureEmbedded } from 'burla/internal'
configureEmbedded({ nodes: 1, cpusPerNode: 2 })
`

/** What each input printed on a stream, without its tag. */
function linesOf(printed: string, count: number): string[][] {
  const lines = printed.split('\n')
  expect(lines.pop()).toBe('')
  const own = Array.from({ length: count }, (_, index) =>
    lines.filter((line) => line.startsWith(`[${index}] `)).map((line) => line.slice(`[${index}] `.length)),
  )
  expect(own.flat()).toHaveLength(lines.length)
  return own
}

test('20,000 lines of each of two inputs, and lines of 200 KB, on both streams', async () => {
  await using program = runProgram(`${configured}
    await burla.map((n: number) => {
      for (let line = 0; line < 20_000; line++) console.log(n + ' ' + line)
      console.log('long ' + 'ü'.repeat(100_000))
      for (let line = 0; line < 1_000; line++) console.error('error ' + line)
      process.stderr.write('x'.repeat(200_000) + '\\n')
    }, [0, 1])`)
  expect(await program.ended).toBe(0)
  const range = (length: number) => Array.from({ length }, (_, line) => line)
  const stdout = linesOf(program.stdout, 2)
  const stderr = linesOf(program.stderr, 2)
  for (const n of [0, 1]) {
    expect(stdout[n]).toEqual([...range(20_000).map((line) => `${n} ${line}`), `long ${'ü'.repeat(100_000)}`])
    expect(stderr[n]).toEqual([...range(1_000).map((line) => `error ${line}`), 'x'.repeat(200_000)])
  }
})

test('by every way: console, streams, descriptors, children and their children, characters cut in two', async () => {
  await using program = runProgram(`${configured}
    await burla.map(async (n: number) => {
      console.log('%s of %d', 'console', n)
      console.info({ an: ['object'] })
      console.table([{ a: 1 }])
      process.stdout.write('stream, ')
      process.stdout.write('in pieces\\n')
      const bytes = Buffer.from('grüße €\\n')
      for (const byte of bytes) process.stdout.write(Buffer.from([byte]))
      writeSync(1, 'descriptor 1\\n')
      writeSync(2, 'descriptor 2\\n')
      spawnSync(process.execPath, ['-e', 'console.log("child"); console.error("child error")'], { stdio: 'inherit' })
      spawnSync('sh', ['-c', "sh -c 'echo grandchild; echo grandchild error >&2'"], { stdio: 'inherit' })
      console.warn('warned')
      await new Promise((resolve) => setTimeout(resolve, 10))
      console.debug('after a wait')
      process.stdout.write('without an end')
    }, [0, 1])`)
  expect(await program.ended).toBe(0)
  const table = ['┌─────────┬───┐', '│ (index) │ a │', '├─────────┼───┤', '│ 0       │ 1 │', '└─────────┴───┘']
  for (const [n, lines] of linesOf(program.stdout, 2).entries()) {
    expect(lines).toEqual([
      ...[`console of ${n}`, "{ an: [ 'object' ] }", ...table, 'stream, in pieces', 'grüße €', 'descriptor 1'],
      ...['child', 'grandchild', 'after a wait', 'without an end'],
    ])
  }
  for (const lines of linesOf(program.stderr, 2)) {
    expect(lines).toEqual(['descriptor 2', 'child error', 'grandchild error', 'warned'])
  }
})

test('what is printed before a throw, an exit and a time-out is there when the outcome is', async () => {
  await using program = runProgram(`${configured}
    const settled = await burla.settle((how: string) => {
      console.log('last words of', how)
      if (how === 'throw') throw new Error(how)
      if (how === 'exit') process.exit(1)
      for (;;);
    }, ['throw', 'exit', 'loop'], { timeoutMs: 1000 })
    console.log(settled.map(({ status }) => status).join())`)
  expect(await program.ended).toBe(0)
  const lines = program.stdout.trimEnd().split('\n')
  expect(lines.at(-1)).toBe('rejected,rejected,rejected')
  expect(lines.slice(0, -1).toSorted()).toEqual([
    '[0] last words of throw',
    '[1] last words of exit',
    '[2] last words of loop',
  ])
})
