/** The command line, as its users see it: what it prints, and with which code it ends. */
import { until } from '@burla/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dashboardData, type DashboardData } from './run-dashboard.ts'
import { runProgram } from './run-program.ts'

let data: DashboardData
/** Of three inputs the last fails; each prints on both streams. It has ended. */
let mixed: string
/** It waits for ever. */
let busy: string
beforeAll(async () => {
  data = dashboardData()
  await data.start('--port', '0').url()
  await using program = runProgram(
    `import { burla } from 'burla'
     const mixed = await burla.submit((n) => {
       console.log('out', n)
       console.error('err', n)
       if (n === 2) throw new RangeError('two is\\ntoo many')
     }, [0, 1, 2], { name: 'mixed' })
     await mixed.settled()
     const busy = await burla.submit(async (n) => {
       console.log('waiting')
       await new Promise((resolve) => setTimeout(resolve, 1e9))
     }, [0], { name: 'busy' })
     console.log(mixed.id, busy.id)`,
    data.env,
  )
  if ((await program.ended) !== 0) throw new Error(program.stderr)
  ;[mixed = '', busy = ''] = program.stdout.trim().split('\n').at(-1)?.split(' ') ?? []
})
afterAll(() => data[Symbol.asyncDispose]())

async function burla(...args: string[]) {
  const command = data.burla(...args)
  const code = await command.ended
  return { code, stdout: command.stdout, stderr: command.stderr }
}
async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await burla(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('burla jobs', () => {
  test('list shows the newest first, and --json is one document', async () => {
    const { code, stdout } = await burla('jobs', 'list')
    expect(code).toBe(0)
    const [title = '', ...lines] = stdout.trimEnd().split('\n')
    expect(title).toMatch(/^JOB +STATE +INPUTS +RUNNING +FAILED +CREATED +TOOK$/)
    expect(lines[0]).toMatch(new RegExp(`^${busy} +(running|waiting) +0/1 .* ago|just now`))
    expect(lines[1]).toMatch(new RegExp(`^${mixed} +completed +3/3 +- +1 `))
    expect(await json('jobs', 'list', '--state', 'completed')).toMatchObject({
      jobs: [{ id: mixed, kind: 'submitted' }],
    })
    expect(await json('jobs', 'list', '--limit', '1')).toMatchObject({ jobs: [{ id: busy }] })
  })

  test('show says how a job is doing and what failed first', async () => {
    const { code, stdout } = await burla('jobs', 'show', mixed)
    expect(code).toBe(0)
    expect(stdout).toContain(`${mixed} is completed\n`)
    expect(stdout).toContain('3 of 3 have a result (1 failed)')
    expect(stdout).toMatch(/kept +for 2[34] h \d+ min more/)
    expect(stdout).toMatch(/ +2 +RangeError +1 .* two is too many\n/)
    expect(await json('jobs', 'show', mixed)).toMatchObject({
      job: { id: mixed, inputs: { completed: 2, failed: 1 } },
      failures: [{ index: 2, name: 'RangeError', message: 'two is\ntoo many' }],
      cut: 0,
    })
  })

  test('logs prints each line on the stream that it was printed to, of all inputs or of one', async () => {
    const all = await burla('jobs', 'logs', mixed)
    expect(all.code).toBe(0)
    expect(all.stdout.trim().split('\n').sort()).toEqual(['[0] out 0', '[1] out 1', '[2] out 2'])
    expect(all.stderr.trim().split('\n').sort()).toEqual(['[0] err 0', '[1] err 1', '[2] err 2'])
    expect(await burla('jobs', 'logs', mixed, '--input', '1')).toEqual({
      code: 0,
      stdout: 'out 1\n',
      stderr: 'err 1\n',
    })
    const { lines } = (await json('jobs', 'logs', mixed, '--input', '2')) as { lines: object[] }
    expect(lines).toMatchObject([{ index: 2, stream: 'stdout', text: 'out 2' }, { stream: 'stderr' }])
  })

  test('logs --follow is ended by Ctrl-C with 130, and by a reader that has enough without a word', async () => {
    const following = data.burla('jobs', 'logs', busy, '--follow')
    await until('it has printed what there is', () => following.stdout === 'waiting\n', { timeoutMs: 60_000 })
    following.signal('SIGINT')
    expect(await following.ended).toBe(130)
    const piped = data.burla('jobs', 'list', '--json')
    piped.closePipe()
    expect(await piped.ended).toBe(0)
    expect(piped.stderr).toBe('')
  })

  test('on a terminal a table fits, and is coloured', async () => {
    const command = data.onTerminal('jobs', 'list')
    expect(await command.ended).toBe(0)
    expect(command.stdout).toContain(`${mixed}  \u001b[32mcompleted\u001b[39m`)
  })

  test('cancel ends a job, which who follows it is told with 8; what has ended is a conflict', async () => {
    const following = data.burla('jobs', 'logs', busy, '--follow')
    await until('it has printed what there is', () => following.stdout === 'waiting\n', { timeoutMs: 60_000 })
    expect(await burla('jobs', 'cancel', busy)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(`${busy} is cancel`),
    })
    expect(await following.ended).toBe(8)
    expect(following.stderr).toContain(`burla: the job ${busy} was cancelled: by \`burla jobs cancel\`\n`)
    expect((await burla('jobs', 'cancel', busy)).code).toBe(0)
    expect(await burla('jobs', 'cancel', mixed)).toMatchObject({
      code: 5,
      stderr: `burla: the job ${mixed} has completed already: there is nothing to cancel\n`,
    })
  })
})

test('burla nodes list and burla cluster status say what there is', async () => {
  const { stdout } = await burla('nodes', 'list')
  expect(stdout).toMatch(/^NODE +STATE +CPUS +MEMORY +STARTED +SEEN +RUNNING +JOB\nnode-1-\w{4} +(idle|claimed) /)
  expect(await json('nodes', 'list')).toMatchObject({ nodes: [{ provider: 'process' }] })
  const status = await burla('cluster', 'status')
  expect(status.stdout).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+ is up\n\n {2}nodes {2}1 (idle|claimed), with \d+ CPUs?\n {2}jobs /,
  )
  expect(await json('cluster', 'status')).toMatchObject({
    address: expect.stringMatching('^http'),
    nodes: {},
    jobs: {},
  })
})

test('a cluster whose token is another one is refused with 3', async () => {
  const { url } = (await json('dashboard')) as { url: string }
  const env = { BURLA_CLUSTER_URL: url, BURLA_TOKEN: 'wrong' }
  const command = data.with(env).burla('jobs', 'list')
  expect(await command.ended).toBe(3)
  expect(command.stderr).toMatch(/^burla: .*BURLA_TOKEN\n$/)
})

test.each<[string, string[], Record<string, string>, number, RegExp]>([
  ['an unknown job', ['jobs', 'show', 'mixed-0123456789'], {}, 4, /there is no job .* `burla jobs list` shows/],
  ['no id of a job', ['jobs', 'logs', '../nodes'], {}, 4, /there is no job \.\.\/nodes/],
  ['an unknown command', ['jobs', 'lits'], {}, 2, /Did you mean list/],
  ['an unknown state', ['jobs', 'list', '--state', 'done'], {}, 2, /Allowed choices are waiting, running/],
  ['a port that is none', ['dashboard', '--port', '99999'], {}, 2, /number up to 65535/],
  ['no cluster', ['jobs', 'list'], { XDG_DATA_HOME: '/dev/null' }, 6, /start one with `burla dashboard`/],
  ['an address without a cluster', ['jobs', 'list'], { BURLA_CLUSTER_URL: 'http://127.0.0.1:1' }, 6, /does not answer/],
])('%s is told in a sentence, and by the exit code', async (_, args, env, code, sentence) => {
  const command = data.with(env).burla(...args)
  expect(await command.ended).toBe(code)
  expect(command.stderr).toMatch(sentence)
  expect(command.stdout).toBe('')
})
