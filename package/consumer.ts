/**
 * A program that says what types it expects, and what must not compile. Checked against the sources with the rest of the
 * workspace, and against the types of the tarball in `types.test.ts`.
 */
import burlaByDefault, {
  burla,
  BurlaError,
  CancelledError,
  type ErrorCode,
  type JobState,
  type JobStatus,
  type MapOptions,
  type MapPromise,
  type NodeStatus,
  type Outcome,
  type StreamedResult,
  type SubmittedJob,
} from 'burla'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** Compiles only when `T`, which is said, is exactly the type of what is given. */
function exactly<T>() {
  return function <U>(_value: U, ..._proof: Same<T, U> extends true ? [] : ['not the same type']): void {}
}

const double = (x: number) => x * 2
const later = async (x: number) => ({ id: String(x) })

export async function whatMapGives(): Promise<void> {
  const promise: Promise<number[]> = burla.map((x: number) => x * 2, [1])
  exactly<number[]>()(await promise)
  exactly<MapPromise<number[]>>()(burla.map(double, [1]))
  // async functions, and those that may be
  exactly<{ id: string }[]>()(await burla.map(later, [1]))
  exactly<(string | number)[]>()(await burla.map((x: number) => (x > 1 ? Promise.resolve('a') : x), [1]))
  // what the inputs are says what the function takes
  exactly<string[]>()(await burla.map((x) => x.toUpperCase(), ['a']))
  exactly<number[]>()(await burla.map(([a, b], index) => a + b + index, [[1, 2] as const]))
  // any iterable
  exactly<number[]>()(await burla.map(double, new Set([1])))
  exactly<[string, number][]>()(await burla.map((entry) => entry, new Map([['a', 1]])))
  exactly<number[]>()(await burla.map(double, asynchronous()))
  exactly<void[]>()(await burla.map((x: number) => console.log(x), [1]))

  const job = burla.map(double, [1])
  exactly<string>()(job.jobId)
  exactly<void>()(job.cancel())
  exactly<MapPromise<number[]>>()(burlaByDefault.map(double, [1]))
}

export async function whatSettleGives(): Promise<number> {
  const settled = await burla.settle(later, [1])
  exactly<Outcome<{ id: string }>[]>()(settled)
  let attempts = 0
  for (const outcome of settled) {
    exactly<number>()(outcome.index)
    attempts += outcome.attempts + outcome.durationMs
    if (outcome.status === 'fulfilled') {
      exactly<{ id: string }>()(outcome.value)
      // @ts-expect-error there is no reason of a fulfilled one
      void outcome.reason
    } else {
      exactly<unknown>()(outcome.reason)
      // @ts-expect-error there is no value of a rejected one
      void outcome.value
    }
    // @ts-expect-error not before the status is known
    void outcome.value
  }
  return attempts
}

export async function whatStreamGives(): Promise<void> {
  for await (const result of burla.stream(later, asynchronous())) {
    exactly<StreamedResult<{ id: string }>>()(result)
    exactly<number>()(result.index)
    exactly<string>()(result.value.id)
  }
  // @ts-expect-error it is looped over, and has no length
  void burla.stream(double, [1]).length
}

export async function whatSubmitGives(): Promise<void> {
  const job = await burla.submit(later, [1], { retentionMs: 1000 })
  exactly<SubmittedJob<{ id: string }>>()(job)
  exactly<string>()(job.id)
  exactly<{ id: string }[]>()(await job.results())
  exactly<Outcome<{ id: string }>[]>()(await job.settled({ signal: AbortSignal.timeout(1), progress: false }))
  for await (const outcome of job.stream()) exactly<Outcome<{ id: string }>>()(outcome)
  exactly<void>()(await job.cancel())

  // from another program: the type is said, or unknown
  exactly<number[]>()(await burla.job<number>(job.id).results())
  exactly<unknown[]>()(await burla.job(job.id).results())
  // @ts-expect-error it resolves when all inputs are stored
  void burla.submit(double, [1]).results()
  // @ts-expect-error an id, not a job
  void burla.job(job)
}

export async function whatThereIs(): Promise<void> {
  const jobs = await burla.jobs({ limit: 1, state: 'running' })
  exactly<JobStatus[]>()(jobs)
  for (const { state, inputs, finishedAt } of jobs) {
    exactly<JobState>()(state)
    exactly<number>()(inputs.known + inputs.waiting + inputs.running + inputs.completed + inputs.failed)
    exactly<number | null>()(finishedAt)
  }
  exactly<NodeStatus[]>()(await burla.nodes())
  exactly<'up' | 'none'>()((await burla.cluster.status()).state)
  // @ts-expect-error no such state
  void burla.jobs({ state: 'done' })
}

export function whatIsThrown(error: unknown): ErrorCode | undefined {
  if (!(error instanceof BurlaError)) return undefined
  exactly<number | undefined>()(error.inputIndex)
  if (error instanceof CancelledError) exactly<unknown>()(error.cause)
  // @ts-expect-error no such code
  if (error.code === 'NO_SUCH_CODE') return undefined
  return error.code
}

export function whatOptionsThereAre(): unknown[] {
  const options: MapOptions = {
    cpus: 1,
    maxParallelism: 2,
    retries: 3,
    retryDelayMs: 4,
    timeoutMs: 5,
    signal: AbortSignal.timeout(6),
    name: 'seven',
    env: { EIGHT: '8' },
    progress: true,
    cluster: 'embedded',
  }
  return [burla.map(double, [1], options), burla.map(double, [1], { retries: undefined })]
}

export function whatDoesNotCompile(): void {
  // @ts-expect-error inputs of another type than the function takes
  void burla.map(double, ['1'])
  // @ts-expect-error an element that is an array is one argument, never spread
  void burla.map((a: number, b: string) => a + b, [[1, '2']])
  // @ts-expect-error the function gets the input and its index, and no more
  void burla.map((a: number, index: number, all: number[]) => a + index + all.length, [1])
  // @ts-expect-error no inputs
  void burla.map(double)
  // @ts-expect-error inputs that cannot be iterated over
  void burla.map(double, 1)
  // @ts-expect-error a promise of inputs
  void burla.map(double, Promise.resolve([1]))
  // @ts-expect-error a name of a function instead of a function
  void burla.map('double', [1])
  // @ts-expect-error an option that does not exist
  void burla.map(double, [1], { retry: 1 })
  // @ts-expect-error an option of another type
  void burla.settle(double, [1], { timeoutMs: '1s' })
  // @ts-expect-error an environment variable that is no text
  void burla.settle(double, [1], { env: { A: 1 } })
  // @ts-expect-error a signal is not its controller
  burla.stream(double, [1], { signal: new AbortController() })
  // @ts-expect-error the functions of burla cannot be replaced
  burla.map = burla.settle
}

async function* asynchronous(): AsyncGenerator<number> {
  yield 1
}
