/** What a program needs to read the results of a submitted job, from wherever and however often. */
import { BurlaError, type JobId } from '@burla/protocol'
import { jobCredentials, type Redis } from '@burla/queue'
import { credentials, failure, idParams } from '../schemas.ts'
import type { Server, ServerOptions } from '../server.ts'
import { existingJob } from '../existing-job.ts'

export function keptResultRoutes(server: Server, { redis, redisAddress, clusterKey }: ServerOptions): void {
  server.post(
    '/v1/jobs/:id/credentials',
    {
      schema: {
        summary: "The Redis user of a submitted job, for as long as the job's results are kept",
        params: idParams,
        response: { 200: { type: 'object', properties: { credentials } }, '4xx': failure },
      },
    },
    async (request) => {
      await requireResults(redis, request.params.id, request.askingJob)
      return { credentials: jobCredentials(clusterKey, request.params.id, redisAddress) }
    },
  )
}

async function requireResults(redis: Redis, jobId: string, askingJob: JobId | null): Promise<void> {
  const { kind, keptUntilAt } = await existingJob(redis, jobId, askingJob)
  if (kind === 'attached') {
    throw new BurlaError(
      'JOB_ATTACHED',
      `the results of job ${jobId} go to the program that started it with burla.map or its like; only those of burla.submit are kept`,
    )
  }
  if (keptUntilAt !== null && keptUntilAt <= Date.now()) {
    const until = new Date(keptUntilAt).toISOString()
    throw new BurlaError(
      'RESULTS_EXPIRED',
      `the results of job ${jobId} were kept until ${until}; submit it again, with a larger retentionMs`,
    )
  }
}
