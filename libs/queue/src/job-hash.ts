/** The record of a job as a hash of texts, and back. */
import type { Claim, JobCounts, JobRecord, JobSpec, JobState } from '@burla/protocol'

export function encodeRecord(spec: JobSpec, now: number): Record<string, string> {
  return {
    id: spec.id,
    name: spec.name,
    functionDigest: spec.functionDigest,
    known: String(spec.known),
    ended: '0',
    call: JSON.stringify(spec.call),
    state: 'waiting' satisfies JobState,
    nodeMs: '0',
    createdAt: String(now),
  }
}

export function decodeRecord(hash: Record<string, string>): JobRecord | undefined {
  if (!hash['id'] || !hash['state']) return undefined
  return {
    id: hash['id'],
    name: hash['name'] ?? '',
    functionDigest: hash['functionDigest'] ?? '',
    known: number(hash['known']) ?? 0,
    ended: hash['ended'] === '1',
    call: JSON.parse(hash['call'] ?? '{}') as JobRecord['call'],
    state: hash['state'] as JobState,
    reason: hash['reason'] ?? null,
    nodeMs: number(hash['nodeMs']) ?? 0,
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
