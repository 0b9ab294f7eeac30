import { BurlaError } from '@burla/protocol'
import { describe, expect, test } from 'vitest'
import { resolveMapOptions } from './index.ts'

const defaults = {
  ...{ cpus: 1, memoryGiB: null, image: null },
  ...{ maxParallelism: null, retries: 0, retryDelayMs: 1000, timeoutMs: null, env: {} },
}
const kept = { packages: [], setup: [], clientGraceMs: 900_000, retentionMs: 86_400_000 }

describe('options that are right', () => {
  test('none at all gives the defaults and the name of the function', () => {
    const rest = { signal: undefined, progress: undefined, cluster: undefined }
    const expected = { name: 'work', call: defaults, ...kept, batch: 'auto', ...rest }
    expect(resolveMapOptions(undefined, 'work')).toEqual(expected)
    expect(resolveMapOptions({}, 'work')).toEqual(expected)
  })

  test('an option that is undefined has its default', () => {
    expect(resolveMapOptions({ cpus: undefined, name: undefined, env: undefined }, '').call).toEqual(defaults)
    expect(resolveMapOptions({ name: undefined }, '').name).toBe('job')
  })

  test('each option arrives as it was given', () => {
    const { signal } = new AbortController()
    const call = {
      ...{ cpus: 4, memoryGiB: 0.25, image: 'registry.example.com:5000/team/node@sha256:0a' },
      ...{ maxParallelism: 3, retries: 2, retryDelayMs: 0, timeoutMs: 1, env: { A: '' } },
    }
    const rest = {
      signal,
      name: 'n',
      progress: false,
      cluster: 'embedded',
      packages: ['pg', '@scope/a@1.2.3-rc.1'],
      setup: ['./a.ts'],
      batch: 7,
      clientGraceMs: 10_000,
      retentionMs: 0,
    }
    expect(resolveMapOptions({ ...call, ...rest }, 'fn')).toEqual({ call, ...rest })
  })

  test('changing the env of the caller later changes nothing (P5)', () => {
    const env: Record<string, string> = { A: '1' }
    const { call } = resolveMapOptions({ env }, 'fn')
    env['A'] = '2'
    expect(call.env).toEqual({ A: '1' })
  })
})

const all =
  'cpus, memoryGiB, image, maxParallelism, retries, retryDelayMs, timeoutMs, signal, name, env, packages, setup, batch, clientGraceMs, retentionMs, progress, cluster'

const refusals: [unknown, string][] = [
  [{ timoutMs: 5 }, 'there is no option "timoutMs"; did you mean "timeoutMs"?'],
  [{ timeout: 5 }, 'there is no option "timeout"; did you mean "timeoutMs"?'],
  [{ Cpus: 1 }, 'there is no option "Cpus"; did you mean "cpus"?'],
  [{ parallelism: 5 }, 'there is no option "parallelism"; did you mean "maxParallelism"?'],
  [{ gpu: 1 }, `there is no option "gpu"; there are ${all}`],
  [{ toString: 1 }, `there is no option "toString"; there are ${all}`],
  [{ cpus: 0.04 }, 'the option "cpus" must be a number from 0.05, and not 0.04'],
  [{ cpus: 0 }, 'the option "cpus" must be a number from 0.05, and not 0'],
  [{ cpus: Infinity }, 'the option "cpus" must be a number from 0.05, and not Infinity'],
  [{ cpus: '2' }, `the option "cpus" must be a number from 0.05, and not '2'`],
  [{ cpus: null }, 'the option "cpus" must be a number from 0.05, and not null'],
  [{ memoryGiB: 0.1 }, 'the option "memoryGiB" must be a number from 0.25, and not 0.1'],
  [{ image: '' }, `the option "image" must be the name of a container image, such as 'node:24-slim', and not ''`],
  [
    { image: 'node 24' },
    `the option "image" must be the name of a container image, such as 'node:24-slim', and not 'node 24'`,
  ],
  [{ maxParallelism: Infinity }, 'the option "maxParallelism" must be a whole number from 1, and not Infinity'],
  [{ retries: -1 }, 'the option "retries" must be a whole number from 0, and not -1'],
  [{ retryDelayMs: NaN }, 'the option "retryDelayMs" must be a whole number from 0 to 2,147,483,647, and not NaN'],
  [{ timeoutMs: 0 }, 'the option "timeoutMs" must be a whole number from 1 to 2,147,483,647, and not 0'],
  [{ timeoutMs: 2 ** 31 }, 'the option "timeoutMs" must be a whole number from 1 to 2,147,483,647, and not 2147483648'],
  [{ name: ' ' }, `the option "name" must be text of 1 to 200 characters, and not ' '`],
  [{ env: { PORT: 80 } }, 'the option "env.PORT" must be text, and not 80'],
  [{ env: { A: undefined } }, 'the option "env.A" must be text, and not undefined'],
  [{ env: { 'A=B': '' } }, `the option "env.A=B" must be named without "=" and not empty, and not 'A=B'`],
  [{ env: ['A'] }, `the option "env" must be an object of text, such as { PORT: '80' }, and not [ 'A' ]`],
  [{ packages: 'pg' }, `the option "packages" must be a list, such as ['pg'], and not 'pg'`],
  ...['pg@^8.0.0', 'pg@latest', '../pg', 'PG', 'pg/lib', '', 5].map((each): [unknown, string] => [
    { packages: ['a', each] },
    `the option "packages[1]" must be the name of an npm package, alone or with an exact version, such as 'pg' or 'pg@8.11.0', and not ${typeof each === 'string' ? `'${each}'` : each}`,
  ]),
  [{ setup: './a.ts' }, `the option "setup" must be a list, such as ['./setup.ts'], and not './a.ts'`],
  [{ setup: [''] }, `the option "setup[0]" must be text of 1 to 2,000 characters, and not ''`],
  [{ batch: 0 }, `the option "batch" must be 'auto' or a whole number from 1 to 1,000, and not 0`],
  [{ batch: 'all' }, `the option "batch" must be 'auto' or a whole number from 1 to 1,000, and not 'all'`],
  [
    { clientGraceMs: 9_999 },
    'the option "clientGraceMs" must be a whole number from 10,000 to 2,147,483,647, and not 9999',
  ],
  [{ retentionMs: -1 }, 'the option "retentionMs" must be a whole number from 0 to 2,592,000,000, and not -1'],
  [{ progress: 1 }, 'the option "progress" must be true or false, and not 1'],
  [{ cluster: 5 }, 'the option "cluster" must be text of 1 to 2,000 characters, and not 5'],
  [5, 'the options must be an object, such as { retries: 2 }, and not 5'],
  [[], 'the options must be an object, such as { retries: 2 }, and not []'],
  [null, 'the options must be an object, such as { retries: 2 }, and not null'],
]

describe('options that are wrong are refused in one sentence', () => {
  test.each(refusals)('%o: %s', (options, sentence) => {
    expect(() => resolveMapOptions(options, 'fn')).toThrow(new BurlaError('OPTION_INVALID', `burla.map: ${sentence}`))
  })

  test('the sentence names the function that was called', () => {
    expect(() => resolveMapOptions({ retries: -1 }, 'fn', 'settle')).toThrow(/^burla\.settle: the option "retries"/)
  })

  test('a controller instead of its signal is refused', () => {
    expect(() => resolveMapOptions({ signal: new AbortController() }, 'fn')).toThrow(
      /the option "signal" must be an AbortSignal/,
    )
  })
})
