/** Whatever a function throws arrives: errors that hold what cannot travel, that resist being read, that are none. */
import { Socket } from 'node:net'
import { burla } from 'burla'
import { expect, test } from 'vitest'
import { useEmbedded } from './use-embedded.ts'

useEmbedded('file')

class RequestError extends Error {
  code = 'ECONNREFUSED'
  declare request: { socket: unknown; response: unknown; send: unknown }
  declare config: { adapter: unknown; error: unknown }
  constructor(message: string) {
    super(message)
    this.request = { socket: new Socket(), response: undefined, send: () => 1 }
    this.request.response = { request: this.request, status: 500 }
    this.config = { adapter: () => 2, error: this }
  }
}
class QuietError extends Error {
  override get message(): string {
    throw new TypeError('no message today')
  }
}

const thrown = {
  'like one of axios': () => new RequestError('Request failed'),
  'its own cause': () => {
    const [first, second] = [new Error('first'), new RangeError('second')]
    Object.assign(first, { cause: second })
    return Object.assign(second, { cause: first })
  },
  'many at once': () =>
    new AggregateError([new RequestError('a'), 'text', new TypeError('b')], 'many', {
      cause: new SyntaxError('why', { cause: { plain: ['data'] } }),
    }),
  'a message that cannot be read': () => new QuietError(),
  'a stack that cannot be read': () =>
    Object.defineProperty(new RangeError('no stack'), 'stack', {
      get() {
        throw new Error('not today')
      },
    }),
  frozen: () => Object.freeze(new TypeError('frozen')),
  'of the web': () => new DOMException('stopped', 'AbortError'),
  'a proxy that throws': () =>
    new Proxy(new Error('hidden'), {
      get() {
        throw new Error('trap')
      },
    }),
  'a huge one': () => Object.assign(new Error('huge'), { body: 'x'.repeat(5_000_000) }),
  text: () => 'text',
  nothing: () => undefined,
  null: () => null,
  'a big number': () => 10n,
  'a plain object': () => ({ status: 404, tags: new Set(['a']) }),
  'a symbol': () => Symbol('of ours'),
  'a function': () => () => 1,
}

type Kind = keyof typeof thrown
const kinds = Object.keys(thrown) as Kind[]
const failing = async (kind: Kind) => {
  await Promise.resolve()
  throw thrown[kind]()
}

test('each as itself, at its index, and none of them loses another', async () => {
  const settled = await burla.settle(failing, kinds)
  expect(settled.map(({ status }) => status)).toEqual(kinds.map(() => 'rejected'))
  const reasons = new Map(settled.map((each) => [kinds[each.index], each.status === 'rejected' && each.reason]))
  const reasonOf = (kind: Kind) => reasons.get(kind) as Error & Record<string, never>

  const request = reasonOf('like one of axios') as unknown as RequestError
  expect(request).toBeInstanceOf(RequestError)
  expect(request).toMatchObject({ message: 'Request failed', code: 'ECONNREFUSED', inputIndex: 0 })
  expect(request.config.error).toBe(request)
  expect((request.request.response as { request: unknown }).request).toBe(request.request)
  expect(request.request).toMatchObject({ socket: expect.stringMatching(/^Socket \{/), send: '[Function: send]' })

  const circle = reasonOf('its own cause')
  expect([circle instanceof RangeError, (circle.cause as unknown as Error).message]).toEqual([true, 'first'])
  expect((circle.cause as unknown as Error).cause).toBe(circle)

  const many = reasonOf('many at once') as unknown as AggregateError
  expect(many).toBeInstanceOf(AggregateError)
  expect(many.errors).toEqual([expect.any(RequestError), 'text', expect.any(TypeError)])
  expect(many.cause).toBeInstanceOf(SyntaxError)
  expect((many.cause as Error).cause).toEqual({ plain: ['data'] })

  expect(reasonOf('a message that cannot be read')).toBeInstanceOf(QuietError)
  expect(reasonOf('a stack that cannot be read')).toMatchObject({ message: 'no stack', inputIndex: 4 })
  expect(reasonOf('frozen')).toBeInstanceOf(TypeError)
  expect(reasonOf('of the web')).toMatchObject({ name: 'AbortError', message: 'stopped' })
  expect(reasonOf('of the web')).toBeInstanceOf(DOMException)
  expect(reasonOf('a proxy that throws').message).toBe('[reading this failed: trap]')
  expect(reasonOf('a huge one')).toMatchObject({ message: 'huge', body: expect.stringContaining('[cut: ') })

  expect(reasonOf('text')).toBe('text')
  expect(reasonOf('nothing')).toBe(undefined)
  expect(reasonOf('null')).toBe(null)
  expect(reasonOf('a big number')).toBe(10n)
  expect(reasonOf('a plain object')).toEqual({ status: 404, tags: new Set(['a']) })
  expect([reasonOf('a symbol'), reasonOf('a function')]).toEqual(['Symbol(of ours)', '[Function (anonymous)]'])
})

test('no stack shows a frame of ours: of the error, of its causes, of those in an AggregateError', async () => {
  const [outcome] = await burla.settle(failing, ['many at once'])
  const many = outcome?.status === 'rejected' ? (outcome.reason as AggregateError) : expect.fail('it should reject')
  for (const { stack } of [many, many.cause, many.errors[0], many.errors[2]] as Error[]) {
    expect(stack).toContain('errors.test.ts')
    expect(stack?.split('--- called from ---')[0]).not.toMatch(/node:|slot/)
  }
})
