/** Why a function cannot travel, in one sentence that names the way from the function to what is in it. */
import { BurlaError } from '@burla/protocol'
import type { Script } from '../inspect/scripts.ts'

/** One step on the way from the function: a variable of it, or a member of what is there. */
export interface Trail {
  from: Trail | undefined
  word: string
  as: 'function' | 'variable' | 'member'
  /** of a variable: the file at whose top it stands, where that is known */
  script?: Script | undefined
  /** of a member: its key, where a path can follow it */
  key?: string
}

export function startTrail(name: string): Trail {
  return { from: undefined, word: name, as: 'function' }
}

export function variableTrail(from: Trail, word: string, script?: Script): Trail {
  return { from, word, as: 'variable', script }
}

export function memberTrail(from: Trail, key: string): Trail {
  const word = /^\d+$/.test(key) ? `[${key}]` : /^[\w$#]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
  return { from, word, as: 'member', key }
}

/** A step that no expression could take: into a Map, a private field, behind an accessor. */
export function insideTrail(from: Trail, word: string): Trail {
  return { from, word, as: 'member' }
}

/** `fn -> weird.nested.conn` */
export function describeTrail(trail: Trail): string {
  const words: string[] = []
  for (let at: Trail | undefined = trail; at; at = at.from) {
    words.unshift(at.as === 'variable' ? ` -> ${at.word}` : at.word)
  }
  return words.join('')
}

/** `what`: what stands at the end of the way; `remedy`: what to do instead. */
export function refusal(trail: Trail, what: string, remedy: string, cause?: unknown): BurlaError {
  const message = `${describeTrail(trail)} cannot travel: ${what}; ${remedy}`
  return new BurlaError('FUNCTION_NOT_PORTABLE', message, cause === undefined ? {} : { cause })
}
