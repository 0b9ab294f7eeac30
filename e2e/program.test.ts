/** Whole programs: how they end, what they print, what Ctrl-C does, what they leave. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { processesWithMarker, until } from '@burla/testkit'
import { expect, test } from 'vitest'
import { runProgram, type RunningProgram } from './run-program.ts'

const configured = `
import { burla } from 'burla'
import { configureEmbedded } from 'burla/internal'
configureEmbedded({ nodes: 1, cpusPerNode: 2 })
`

test('P8 a program ends by itself after its last map, with 0, and leaves nothing', async () => {
  await using program = runProgram(`${configured}
    console.log(await burla.map((n: number) => n * 2, [1, 2, 3]))
    console.log(await burla.map((n: number) => n * 3, [1]))`)
  expect(await program.ended).toBe(0)
  expect(program.stdout).toBe('[ 2, 4, 6 ]\n[ 3 ]\n')
  expect(program.stderr).toBe('')
  await program.expectNothingLeft()
})

test('empty inputs give [] without starting a cluster', async () => {
  await using program = runProgram(`${configured}
    async function* none(): AsyncGenerator<number> {}
    const id = (n: number) => n
    const results = [await burla.map(id, []), await burla.map(id, new Set<number>()), await burla.settle(id, none())]
    for await (const { value } of burla.stream(id, none())) results.push([value])
    const { readdirSync } = await import('node:fs')
    console.log(JSON.stringify(results), readdirSync('.'), readdirSync(process.env.TMPDIR!))`)
  expect(await program.ended).toBe(0)
  expect(program.stdout).toBe("[[],[],[]] [ 'program.ts' ] []\n")
})

test('a map that rejects ends the program as any rejection does, and leaves nothing', async () => {
  await using program = runProgram(`${configured}
    await burla.map((n: number) => { if (n === 1) throw new RangeError('one is too many'); for (;;); }, [0, 1])`)
  expect(await program.ended).toBe(1)
  expect(program.stderr).toMatch(
    /RangeError: one is too many\n +at .*program\.ts.*--- called from ---\n +at .*program\.ts/s,
  )
  await program.expectNothingLeft()
})

test('what the function prints is complete before map resolves: tagged, in order, on the same stream', async () => {
  await using program = runProgram(`${configured}
    await burla.map((n: number) => {
      for (let line = 0; line < 200; line++) console.log('line', line)
      console.error('oh', n)
      process.stdout.write('no newline at the end')
    }, [0, 1, 2])
    console.log('resolved')
    await burla.map(() => console.log('the only one'), [0])`)
  expect(await program.ended).toBe(0)
  const lines = program.stdout.trimEnd().split('\n')
  expect(lines.indexOf('resolved')).toBe(603)
  expect(lines.slice(604)).toEqual(['the only one'])
  for (const index of [0, 1, 2]) {
    const own = lines.slice(0, 603).filter((line) => line.startsWith(`[${index}] `))
    expect(own).toEqual([
      ...Array.from({ length: 200 }, (_, line) => `[${index}] line ${line}`),
      `[${index}] no newline at the end`,
    ])
  }
  expect(program.stderr.trimEnd().split('\n').toSorted()).toEqual(['[0] oh 0', '[1] oh 1', '[2] oh 2'])
})

test('progress without a terminal is plain lines on stderr', async () => {
  await using program = runProgram(`${configured}
    await burla.map(function double(n: number) { return n * 2 }, [1, 2], { progress: true })`)
  expect(await program.ended).toBe(0)
  expect(program.stderr).toMatch(/^double  completed: 2\/2 in \d/m)
  expect(program.stdout).toBe('')
})

const busy = `${configured}
  await burla.map(() => { console.log('busy'); for (;;); }, [0, 1, 2])
  console.log('not reached')`

/** A program starts a cluster first, on a busy machine perhaps slowly. */
const callsRun = (program: RunningProgram, count: number) =>
  until('its calls run', () => program.stdout.split('busy').length > count, { timeoutMs: 60_000 })

test('Ctrl-C cancels calls that keep a CPU busy, exits with 130 and leaves nothing', async () => {
  await using program = runProgram(busy)
  await callsRun(program, 2)
  program.signal('SIGINT')
  expect(await program.ended).toBe(130)
  expect(program.stdout).not.toContain('not reached')
  expect(program.stderr).toBe('burla: cancelling (Ctrl-C again ends at once)\n')
  await program.expectNothingLeft()
})

test('a second Ctrl-C ends the program at once, and nothing is left all the same', async () => {
  await using program = runProgram(busy)
  await callsRun(program, 2)
  program.signal('SIGINT')
  await until('it has seen the first', () => program.stderr.includes('cancelling'))
  program.signal('SIGINT')
  expect(await program.ended).toBe(130)
  await program.expectNothingLeft()
})

test('a program that handles SIGINT itself has its jobs cancelled and decides on its own end', async () => {
  await using program = runProgram(`${configured}
    process.on('SIGINT', () => console.log('my own'))
    const job = burla.map(() => { console.log('busy'); for (;;); }, [0])
    await job.catch((error) => console.log(error.name))`)
  await callsRun(program, 1)
  program.signal('SIGINT')
  expect(await program.ended).toBe(0)
  expect(program.stdout).toBe('busy\nmy own\nCancelledError\n')
})

test('P8 kill -9 of the program leaves nothing', async () => {
  await using program = runProgram(busy)
  await callsRun(program, 2)
  program.signal('SIGKILL')
  expect(await program.ended).toBe('SIGKILL')
  await program.expectNothingLeft()
})

test('process.exit in the middle of a map ends at once with its code, and leaves nothing', async () => {
  await using program = runProgram(`${configured}
    const results = burla.stream((n: number) => { if (n === 1) for (;;); return n }, [0, 1])
    for await (const { value } of results) process.exit(7 + value)`)
  expect(await program.ended).toBe(7)
  await program.expectNothingLeft()
})

test('Ctrl-C while the cluster starts ends the program with 130, and leaves nothing', async () => {
  await using program = runProgram(`${configured}
    process.stdout.write('starting')
    await burla.map((n: number) => n, [1])`)
  await until('it starts', () => program.stdout.includes('starting'))
  const processes = () => processesWithMarker(join(program.folder, '..'))
  await until('the supervisor is there', () => processes().some(({ command }) => command.includes('supervisor')))
  program.signal('SIGINT')
  expect(await program.ended).toBe(130)
  await program.expectNothingLeft()
})

test('a machine without Redis is told in one sentence what to do', async () => {
  await using program = runProgram(
    `${configured}
    await burla.map((n: number) => n, [1])`,
    { PATH: '' },
  )
  expect(await program.ended).toBe(1)
  expect(program.stderr).toMatch(
    /BurlaError: .*found none: run .npx burla setup.*\n.*--- called from ---\n +at .*program\.ts/,
  )
  await program.expectNothingLeft()
})

test('instanceof tells the classes of errors of a package apart', async () => {
  await using program = runProgram(`
    import fc, { PreconditionFailure } from 'fast-check'
    import { burla } from 'burla'
    const [outcome] = await burla.settle((given: boolean) => fc.pre(given), [false])
    console.log(outcome.reason instanceof PreconditionFailure)`)
  expect([await program.ended, program.stdout]).toEqual([0, 'true\n'])
})

test('what functions put into shared/ stays when the program ends', async () => {
  await using program = runProgram(`${configured}
    await burla.map((n: number) => process.getBuiltinModule('node:fs').writeFileSync('shared/' + n, 'x'), [1])`)
  expect(await program.ended).toBe(0)
  expect(existsSync(join(program.folder, 'burla-shared', '1'))).toBe(true)
})

test('a program may be CommonJS', async () => {
  await using program = runProgram(`
    const { configureEmbedded } = require('burla/internal')
    configureEmbedded({ nodes: 1, cpusPerNode: 1 })
    const { burla } = require('burla')
    burla.map((n: number) => n + 1, [1]).then((results: number[]) => console.log(results))`)
  expect(await program.ended).toBe(0)
  expect(program.stdout).toBe('[ 2 ]\n')
})
