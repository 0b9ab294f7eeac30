/**
 * How messages between a program and its cluster are written: values, lists of inputs, batches of results, frames. Each
 * carries this number, and each reader refuses another one. It changes with the format of any of them.
 */
import { BurlaError } from './errors.ts'

export const codecVersion = 1

/** With it a program tells the api which codec it has. */
export const codecHeader = 'burla-codec'

export interface Origin {
  /** the message, as it stands in a sentence: `inputs[3]`, `a batch of results` */
  what: string
  /** who wrote it */
  from: 'program' | 'cluster'
}

/** @throws BurlaError CODEC_UNKNOWN, which says which side is the newer one */
export function checkCodec(found: unknown, origin: Origin): void {
  if (found !== codecVersion) throw codecUnknown(found, origin)
}

function codecUnknown(found: unknown, { what, from }: Origin): BurlaError {
  const here = from === 'program' ? 'cluster' : 'program'
  const knows = `the ${here} reads codec ${codecVersion}`
  const how = isVersion(found)
    ? `with codec ${found}, and ${knows}: the ${found > codecVersion ? from : here} has the newer Burla`
    : `with no codec that is known, and ${knows}`
  return new BurlaError(
    'CODEC_UNKNOWN',
    `${what} was written by the ${from} ${how}. Install the same version of burla on both sides and run the job again.`,
  )
}

function isVersion(found: unknown): found is number {
  return typeof found === 'number' && Number.isInteger(found) && found > 0
}
