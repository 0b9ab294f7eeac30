/**
 * How many requests there were and how long they took, by route. A route is named as it was declared (`/v1/jobs/:id`),
 * and all addresses that are none are one, so that nobody can make series without end by asking.
 */
import type { FastifyInstance } from 'fastify'
import type { Metric, Sample } from './exposition.ts'

/** Upper ends, in seconds; Redis answers in about a millisecond. */
const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

interface Durations {
  labels: Record<string, string>
  /** requests in each bucket, not in those before it */
  counts: number[]
  seconds: number
  requests: number
}

/** To be called before the routes are declared. */
export function countRequests(server: FastifyInstance): () => Metric[] {
  const answers = new Map<string, Required<Pick<Sample, 'labels' | 'value'>>>()
  const durations = new Map<string, Durations>()

  server.addHook('onResponse', async ({ method, routeOptions: { url: route = 'none' } }, reply) => {
    const seconds = reply.elapsedTime / 1000
    const status = String(reply.raw.statusCode)
    const answer = entry(answers, `${method} ${route} ${status}`, () => ({
      labels: { method, route, status },
      value: 0,
    }))
    answer.value++
    const duration = entry(durations, `${method} ${route}`, () => ({
      labels: { method, route },
      counts: buckets.map(() => 0),
      seconds: 0,
      requests: 0,
    }))
    duration.requests++
    duration.seconds += seconds
    const bucket = buckets.findIndex((end) => seconds <= end)
    if (bucket !== -1) duration.counts[bucket]!++
  })

  return () => [
    {
      name: 'burla_api_requests_total',
      help: 'Requests that were answered.',
      type: 'counter',
      samples: [...answers.values()],
    },
    {
      name: 'burla_api_request_duration_seconds',
      help: 'From the arrival of a request to the end of its answer; lines that are followed take as long as their job.',
      type: 'histogram',
      samples: [...durations.values()].flatMap(asSeries),
    },
  ]
}

function asSeries({ labels, counts, seconds, requests }: Durations): Sample[] {
  let below = 0
  const ends = buckets.map((end, bucket): Sample => {
    below += counts[bucket]!
    return { series: '_bucket', labels: { ...labels, le: String(end) }, value: below }
  })
  return [
    ...ends,
    { series: '_bucket', labels: { ...labels, le: '+Inf' }, value: requests },
    { series: '_sum', labels, value: seconds },
    { series: '_count', labels, value: requests },
  ]
}

function entry<T>(entries: Map<string, T>, key: string, make: () => T): T {
  const there = entries.get(key)
  if (there !== undefined) return there
  const made = make()
  entries.set(key, made)
  return made
}
