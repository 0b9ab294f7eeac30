import { expect, test } from 'vitest'
import { CallInside } from './inside-call.ts'

function useCall() {
  const said: string[] = []
  const parent = { jobId: 'job-0123456789', input: 0, call: 'r:1' }
  const call = new CallInside(parent, { sayWaits: () => said.push('waits'), sayGoesOn: () => said.push('goes on') })
  return { call, said }
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('P3 a call gets what it waited for when its runner has a place for it, not before', async () => {
  const { call, said } = useCall()
  let got: unknown
  const job = Promise.withResolvers<string>()
  void call.waitFor(job.promise).then((value) => (got = value))
  await settled()
  expect(said).toEqual(['waits'])
  job.resolve('result')
  await settled()
  expect([said, got]).toEqual([['waits', 'goes on'], undefined])
  call.goOn()
  await settled()
  expect(got).toBe('result')
})

test('IC1 who waits for two jobs waits until both are there', async () => {
  const { call, said } = useCall()
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const both = Promise.all([call.waitFor(one.promise), call.waitFor(two.promise)])
  one.resolve()
  await settled()
  expect(said).toEqual(['waits'])
  two.reject(new Error('failed'))
  await settled()
  expect(said).toEqual(['waits', 'goes on'])
  call.goOn()
  await expect(both).rejects.toThrow('failed')
})

test('IC2 a wait that begins while the call asks to go on is told after the answer', async () => {
  const { call, said } = useCall()
  await settled()
  const first = call.waitFor(Promise.resolve())
  await settled()
  const job = Promise.withResolvers<void>()
  const second = call.waitFor(job.promise)
  await settled()
  expect(said).toEqual(['waits', 'goes on'])
  call.goOn()
  await settled()
  expect(said).toEqual(['waits', 'goes on', 'waits'])
  job.resolve()
  await settled()
  call.goOn()
  await Promise.all([first, second])
  expect(said).toEqual(['waits', 'goes on', 'waits', 'goes on'])
})

test('P7 the end of a call ends its waits: nobody answers any more', async () => {
  const { call, said } = useCall()
  const asking = call.waitFor(Promise.resolve())
  await settled()
  call.end()
  await asking
  await call.waitFor(Promise.resolve())
  expect(call.over.aborted).toBe(true)
  expect(said).toEqual(['waits', 'goes on'])
})
