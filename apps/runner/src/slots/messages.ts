/** The bodies of the frames that have any, see `frames.ts`. */
import type { FailureSummary, MountedLayer, TreeAccess } from '@burla/protocol'

/** What a slot is told once, before its first call. */
export interface SlotSettings {
  jobId: string
  nodeId: string
  env: Record<string, string>
  /** the working folder of this slot; made by the slot, with `shared` in it */
  folder: string
  sharedDir: string
  /** makes the ids of its calls */
  runnerId: string
  /** for the jobs that its calls start */
  access: TreeAccess
  /** where its packages are, when they are not where they were at the caller's */
  layer?: MountedLayer | null
}

export function encodeSettings(settings: SlotSettings): Buffer {
  const json = Buffer.from(JSON.stringify(settings))
  const head = Buffer.allocUnsafe(4 + json.length)
  head.writeUInt32BE(json.length, 0)
  head.set(json, 4)
  return head
}

export function decodeSetup(body: Buffer): { settings: SlotSettings; functionBytes: Buffer } {
  const end = 4 + body.readUInt32BE(0)
  return {
    settings: JSON.parse(body.toString('utf8', 4, end)) as SlotSettings,
    functionBytes: body.subarray(end),
  }
}

export interface CallHead {
  index: number
  /** see `callId` */
  run: number
  sayWhenBegun: boolean
}

export function encodeCallHead({ index, run, sayWhenBegun }: CallHead): Buffer {
  const head = Buffer.allocUnsafe(17)
  head.writeDoubleBE(index, 0)
  head.writeDoubleBE(run, 8)
  head[16] = sayWhenBegun ? 1 : 0
  return head
}

export function decodeCall(body: Buffer): CallHead & { input: Buffer } {
  return {
    index: body.readDoubleBE(0),
    run: body.readDoubleBE(8),
    sayWhenBegun: body[16] === 1,
    input: body.subarray(17),
  }
}

export function encodeValueHead(durationMs: number): Buffer {
  const head = Buffer.allocUnsafe(8)
  head.writeDoubleBE(durationMs, 0)
  return head
}

export function decodeValueFrame(body: Buffer): { durationMs: number; payload: Buffer } {
  return { durationMs: body.readDoubleBE(0), payload: body.subarray(8) }
}

export interface ErrorHead {
  durationMs: number
  /** code of the call may still be running in the process, so no other call may be */
  spent: boolean
  failure: FailureSummary
}

export function encodeErrorHead({ durationMs, spent, failure }: ErrorHead): Buffer {
  const json = Buffer.from(JSON.stringify(failure))
  const head = Buffer.allocUnsafe(13 + json.length)
  head.writeDoubleBE(durationMs, 0)
  head[8] = spent ? 1 : 0
  head.writeUInt32BE(json.length, 9)
  head.set(json, 13)
  return head
}

export function decodeErrorFrame(body: Buffer): ErrorHead & { payload: Buffer } {
  const end = 13 + body.readUInt32BE(9)
  const failure = JSON.parse(body.toString('utf8', 13, end)) as FailureSummary
  return { durationMs: body.readDoubleBE(0), spent: body[8] === 1, failure, payload: body.subarray(end) }
}
