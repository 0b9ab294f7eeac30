/** The options of `burla.map`, `settle` and `stream`: what each does, and beside it the rule that it must meet. */
import { longestRetentionMs } from '@burla/protocol'
import type { Rules } from './check.ts'
import {
  anySignal,
  anyText,
  environment,
  imageName,
  listOf,
  numberFrom,
  packageName,
  trueOrFalse,
  wholeNumber,
  wholeNumberOr,
} from './rules.ts'

/** A timer of Node takes no more: 24.8 days. */
const longestMs = 2_147_483_647

/** How the calls of the function are run. An option that is left out or `undefined` has its default. */
export interface MapOptions {
  /**
   * CPUs for each call: a node runs as many calls at once as it has CPUs for. A number from 0.05, which is for calls that
   * mostly wait. More than any node has is refused.
   * @default 1
   */
  cpus?: number | undefined
  /**
   * Memory for each call, in GiB: a node runs as many calls at once as it has memory for. The call's JavaScript heap is
   * limited to three quarters of it; in containers, all that the calls on a node use is limited to what they asked for
   * together. A number from 0.25. More than any node has is refused.
   * @default the calls on a node share its memory; an input that runs out of it runs again with fewer beside it
   */
  memoryGiB?: number | undefined
  /**
   * Container image in which the function runs: any that the nodes can pull and that has Node 20 or newer on its PATH, such
   * as `'node:24-slim'`. An image that cannot be had, or has no such Node, fails the job within seconds, with the reason.
   * Refused by clusters whose nodes run functions as processes, as embedded ones do.
   * @default the cluster's image
   */
  image?: string | undefined
  /**
   * Most calls that are really running at the same moment, over all nodes. A place that becomes free, also by a kill
   * or a loss, is taken by any node within 100 ms. A whole number from 1.
   * @default no limit
   */
  maxParallelism?: number | undefined
  /**
   * Further attempts for an input whose call throws, exits or times out. A lost runner or node never uses one up.
   * A whole number from 0.
   * @default 0
   */
  retries?: number | undefined
  /**
   * Pause before the first further attempt of an input, in milliseconds; it doubles with each one.
   * A whole number from 0 to 2,147,483,647.
   * @default 1000
   */
  retryDelayMs?: number | undefined
  /**
   * Most time for one call, in milliseconds from the moment the function is called. When it is over, the slot and all
   * processes it started are killed, and the input fails with a `TimeoutError`. A whole number from 1 to 2,147,483,647.
   * @default no limit
   */
  timeoutMs?: number | undefined
  /** Cancels the job when it is aborted: the call rejects with the signal's `reason`, running calls die within 2 s. */
  signal?: AbortSignal | undefined
  /**
   * The job's label, in its id, in lists and on the progress line. 1 to 200 characters.
   * @default the function's name, else `job`
   */
  name?: string | undefined
  /**
   * Environment variables of each call, besides `BURLA_NODE_ID`, `BURLA_JOB_ID` and `BURLA_INPUT_INDEX`. Names and
   * values are text. Nothing of the caller's own environment is passed on by itself.
   * @default {}
   */
  env?: Readonly<Record<string, string>> | undefined
  /**
   * npm packages that the function needs and does not show, for instance because it imports them by a computed name:
   * `'pg'` is the version that is installed for the calling file, `'pg@8.11.0'` is that one. What is not installed
   * there is refused at the call; with an exact version only where the cluster runs on this machine.
   * @default []
   */
  packages?: readonly string[] | undefined
  /**
   * Modules that each slot imports, in this order, before its first call of the function: for what they do when they are
   * loaded. Named as in an import of the calling file: `'./setup.ts'`, `'dotenv/config'`; a local one that is not there
   * is refused at the call. When one fails, the call fails with `SETUP_FAILED`, which names it; what it prints is the
   * first call's.
   * @default []
   */
  setup?: readonly string[] | undefined
  /**
   * How many inputs share one place in the queue: `1`, a whole number up to 1,000, or `'auto'`, which puts inputs
   * together only when their calls were measured to be tiny (below 1 ms). Inputs behind a slow one are moved on to others.
   * @default 'auto'
   */
  batch?: number | 'auto' | undefined
  /**
   * How long the cluster waits for this program when nothing is heard of it, before it cancels the job: a laptop may
   * sleep. Milliseconds, a whole number from 10,000 to 2,147,483,647. A submitted job is waited for until its inputs are
   * stored, and needs no client after that.
   * @default 900000 (15 minutes); 60 seconds where the cluster knows that the program has ended
   */
  clientGraceMs?: number | undefined
  /**
   * How long the results of a submitted job are kept after its end, in milliseconds. A whole number from 0 to
   * 2,592,000,000 (30 days).
   * @default 86400000 (24 hours)
   */
  retentionMs?: number | undefined
  /**
   * The progress line on stderr: `true` also prints plain lines where there is no terminal, `false` prints none.
   * @default on a terminal only
   */
  progress?: boolean | undefined
  /**
   * The cluster: its address (`https://burla.example.com`), or `'embedded'` for one that belongs to this program.
   * @default the environment variable BURLA_CLUSTER_URL, else `'embedded'`
   */
  cluster?: string | undefined
}

export const optionRules: Rules<MapOptions> = {
  cpus: numberFrom(0.05),
  memoryGiB: numberFrom(0.25),
  image: imageName,
  maxParallelism: wholeNumber(1),
  retries: wholeNumber(0),
  retryDelayMs: wholeNumber(0, longestMs),
  timeoutMs: wholeNumber(1, longestMs),
  signal: anySignal,
  name: anyText(200),
  env: environment,
  packages: listOf(packageName, "['pg']"),
  setup: listOf(anyText(2_000), "['./setup.ts']"),
  batch: wholeNumberOr('auto', 1, 1_000),
  clientGraceMs: wholeNumber(10_000, longestMs),
  retentionMs: wholeNumber(0, longestRetentionMs),
  progress: trueOrFalse,
  cluster: anyText(2_000),
}
