/** The record of a job as a hash of texts, and back. */
import {
  codecVersion,
  keptResultBytes,
  type Claim,
  type JobCounts,
  type JobKind,
  type JobPlace,
  type JobRecord,
  type JobSpec,
  type JobState,
} from '@burla/protocol'

export function encodeRecord(spec: JobSpec, now: number): Record<string, string> {
  return {
    id: spec.id,
    kind: spec.kind,
    name: spec.name,
    functionDigest: spec.functionDigest,
    codec: String(codecVersion),
    known: String(spec.known),
    ended: '0',
    call: JSON.stringify(spec.call),
    packages: JSON.stringify(spec.packages),
    ...(spec.layer === undefined ? {} : { layer: spec.layer }),
    clientGraceMs: String(spec.clientGraceMs),
    retentionMs: String(spec.retentionMs),
    ...(spec.kind === 'submitted' ? { keptBytes: String(keptResultBytes) } : {}),
    state: 'waiting' satisfies JobState,
    nodeMs: '0',
    createdAt: String(now),
  }
}

/** `place`: of a job that was started inside a call. */
export function decodeRecord(hash: Record<string, string>, place: string | null = null): JobRecord | undefined {
  if (!hash['id'] || !hash['state']) return undefined
  return {
    id: hash['id'],
    ...(place === null ? { treeId: hash['id'], depth: 0 } : (JSON.parse(place) as JobPlace)),
    kind: (hash['kind'] ?? 'attached') as JobKind,
    name: hash['name'] ?? '',
    functionDigest: hash['functionDigest'] ?? '',
    known: number(hash['known']) ?? 0,
    ended: hash['ended'] === '1',
    call: JSON.parse(hash['call'] ?? '{}') as JobRecord['call'],
    packages: JSON.parse(hash['packages'] ?? '[]') as string[],
    ...(hash['layer'] === undefined ? {} : { layer: hash['layer'] }),
    clientGraceMs: number(hash['clientGraceMs']) ?? 0,
    retentionMs: number(hash['retentionMs']) ?? 0,
    keptBytes: number(hash['keptBytes']),
    state: hash['state'] as JobState,
    reason: hash['reason'] ?? null,
    waitReason: hash['waitReason'] ?? null,
    nodeMs: number(hash['nodeMs']) ?? 0,
    nodeMsBelow: number(hash['nodeMsBelow']) ?? 0,
    createdAt: number(hash['createdAt']) ?? 0,
    startedAt: number(hash['startedAt']),
    finishedAt: number(hash['finishedAt']),
  }
}

export function decodeCounts(hash: Record<string, string>): JobCounts {
  return {
    completed: number(hash['completed']) ?? 0,
    failed: number(hash['failed']) ?? 0,
    storedBytes: number(hash['storedBytes']) ?? 0,
    takenBytes: number(hash['takenBytes']) ?? 0,
  }
}

export function decodeClaims(hash: Record<string, string>): Claim[] {
  return Object.values(hash).map((text) => JSON.parse(text) as Claim)
}

function number(text: string | undefined): number | null {
  return text === undefined ? null : Number(text)
}
