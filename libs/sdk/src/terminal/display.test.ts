import { expect, test } from 'vitest'
import type { Line } from '@burla/protocol'
import { createDisplay } from './display.ts'
import { createJobProgress } from './job-progress.ts'
import { lineText, printLines } from './printing.ts'

/** What a person sees: the screen after all that was written to both streams of one terminal. */
function terminal({ isTTY = true, columns = 40 } = {}) {
  let screen = ['']
  const written = { stdout: '', stderr: '' }
  const writeTo = (name: 'stdout' | 'stderr') => (text: string) => {
    written[name] += text
    // eslint-disable-next-line no-control-regex
    for (const part of text.match(/\u001b\[2K|\u001b\[1A|\r|\n|[^\u001b\r\n]+/g) ?? []) {
      if (part === '\n') screen.push('')
      else if (part === '\u001b[1A') screen = screen.slice(0, -1)
      else if (part === '\u001b[2K') screen[screen.length - 1] = ''
      else if (part !== '\r') screen[screen.length - 1] += part
    }
  }
  const display = createDisplay({
    stdout: { write: writeTo('stdout'), isTTY, columns },
    stderr: { write: writeTo('stderr'), isTTY, columns },
  })
  return { display, written, screen: () => screen }
}

const line = (index: number, text: string, changes: Partial<Line> = {}): Line => ({
  index,
  text,
  stream: 'stdout',
  run: 1,
  ...changes,
})

test('printed lines never break the progress line, which stays at the bottom', () => {
  const { display, screen, written } = terminal()
  display.setProgress('a', 'a 1/3')
  printLines(display, [line(0, 'hello'), line(1, 'oh', { stream: 'stderr' })], { tagged: true })
  display.setProgress('a', 'a 2/3')
  expect(screen()).toEqual(['[0] hello', '[1] oh', 'a 2/3'])
  expect(written.stdout).toBe('[0] hello\n')
})

test('two jobs have two progress lines, and leave nothing when they end', () => {
  const { display, screen } = terminal()
  display.setProgress('a', 'a 1/3')
  display.setProgress('b', 'b 1/9')
  display.print('stdout', 'x\n')
  expect(screen()).toEqual(['x', 'a 1/3', 'b 1/9'])
  display.setProgress('a', undefined)
  expect(screen().filter(Boolean)).toEqual(['x', 'b 1/9'])
  display.setProgress('b', undefined)
  expect(screen().filter(Boolean)).toEqual(['x'])
})

test('a progress line wider than the terminal is cut, so that it stays one line', () => {
  const { display, screen } = terminal({ columns: 10 })
  display.setProgress('a', '0123456789abcdef')
  expect(screen()).toEqual(['012345678'])
})

test('a terminal that does not know its width gets lines of 79 characters', () => {
  const { display, screen } = terminal({ columns: 0 })
  display.setProgress('a', 'x'.repeat(200))
  expect(screen()).toEqual(['x'.repeat(79)])
})

test.each<[string, Line, boolean, string]>([
  ['one of several inputs', line(3, 'hello'), true, '[3] hello'],
  ['the only input', line(0, 'hello'), false, 'hello'],
  ['no input', line(-1, 'loaded'), true, 'loaded'],
  ['a further run', line(3, 'hello', { run: 2 }), true, '[3, run 2] hello'],
  ['a further run of the only input', line(0, 'hello', { run: 2 }), false, '[run 2] hello'],
])('the tag of a line of %s', (_, printed, tagged, text) => {
  expect(lineText(printed, { tagged })).toBe(text)
})

test('lines that follow each other go out in one write, each stream in its own order', () => {
  const writes: string[] = []
  const display = createDisplay({
    stdout: { write: (text) => writes.push(`1:${text}`) },
    stderr: { write: (text) => writes.push(`2:${text}`) },
  })
  printLines(display, [line(0, 'a'), line(0, 'b'), line(0, 'c', { stream: 'stderr' }), line(0, 'd')], { tagged: false })
  expect(writes).toEqual(['1:a\nb\n', '2:c\n', '1:d\n'])
})

test('P7 on a terminal a job says what it waits for, before the cluster is there', () => {
  const { display, screen } = terminal({ columns: 200 })
  const job = createJobProgress({ jobId: 'j', name: 'double', progress: undefined, display })
  job.show({ known: 3, ended: true }, undefined)
  expect(screen()).toEqual([
    expect.stringMatching(/^double  0\/3 · waiting for the cluster, since 0\.\d s \(Ctrl-C cancels\)$/),
  ])
  job.end('completed', { known: 3, ended: true })
  expect(screen()).toEqual([''])
})

test('without a terminal a job says nothing, unless it was asked to: then plain lines, with how it ended', () => {
  const inputs = { known: 1, ended: true }
  for (const [progress, expected] of [
    [undefined, ''],
    [false, ''],
    [true, 'double  completed: 1/1 in 0.0 s\n'],
  ] as const) {
    const { display, written } = terminal({ isTTY: false })
    const job = createJobProgress({ jobId: 'j', name: 'double', progress, display })
    job.count('ok')
    job.show(inputs, undefined)
    job.end('completed', inputs)
    expect(written.stderr).toBe(expected)
  }
})
