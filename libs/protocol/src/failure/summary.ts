/** What was thrown, in two short texts: for lists of failures, where its own class and properties are of no use. */
import { historyMessageBytes } from '../limits.ts'
import { classNames, isError } from '../values/error-parts.ts'
import { textOf, unreadableText } from './text.ts'

export interface FailureSummary {
  /** the error's class or name; of something thrown that is no error its type */
  name: string
  /** up to 1 KiB, and then how much was cut */
  message: string
}

const longestName = 200

/** Never throws, whatever was thrown. */
export function summarizeFailure(thrown: unknown): FailureSummary {
  try {
    if (!isError(thrown)) {
      const message = typeof thrown === 'string' ? thrown : (textOf(thrown) ?? '[something that cannot be described]')
      return { name: typeof thrown, message: cutMessage(message) }
    }
    return { name: nameOf(thrown).slice(0, longestName), message: cutMessage(String(thrown.message)) }
  } catch (cause) {
    return { name: 'Error', message: unreadableText(cause) }
  }
}

/** A name that somebody has set says more than the class; one that is inherited says less. */
function nameOf(error: Error): string {
  const isSet = Object.hasOwn(error, 'name') || error instanceof DOMException
  return (isSet && String(error.name)) || classNames(error)[0] || 'Error'
}

function cutMessage(text: string): string {
  const bytes = Buffer.from(text.slice(0, historyMessageBytes))
  if (text.length <= historyMessageBytes && bytes.length <= historyMessageBytes) return text
  const kept = bytes
    .subarray(0, historyMessageBytes)
    .toString()
    .replace(/\uFFFD$/, '')
  return `${kept} [cut: ${text.length - kept.length} more characters]`
}
