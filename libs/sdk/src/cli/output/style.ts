/** Colours where somebody sees them: on a terminal, and not with NO_COLOR (https://no-color.org). */
import type { JobState, NodeState } from '@burla/protocol'

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

const codes: Record<Colour, [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

export interface Style {
  /** characters per line; undefined: as many as there are */
  width: number | undefined
  paint(text: string, colour: Colour | undefined): string
}

export function styleOf(stream: { isTTY?: boolean; columns?: number }, env: NodeJS.ProcessEnv): Style {
  const isTerminal = stream.isTTY === true
  const isColoured = isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return {
    // Some terminals do not know their width and say 0.
    width: isTerminal ? stream.columns || 80 : undefined,
    paint(text, colour) {
      if (!isColoured || colour === undefined) return text
      const [on, off] = codes[colour]
      return `\u001b[${on}m${text}\u001b[${off}m`
    },
  }
}

export const jobColours: Record<JobState, Colour> = {
  waiting: 'dim',
  running: 'cyan',
  cancelling: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'yellow',
}

export const nodeColours: Record<NodeState, Colour> = {
  booting: 'dim',
  idle: 'green',
  claimed: 'cyan',
  draining: 'yellow',
  lost: 'red',
  gone: 'dim',
}
