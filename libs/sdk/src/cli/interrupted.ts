/** Ctrl-C ends a command with 130, where it does not mean anything else. */
const exitCode = 130

export function endOnInterrupt(): void {
  process.on('SIGINT', end)
}

export function takeInterrupts(): void {
  process.off('SIGINT', end)
}

function end(): void {
  process.exit(exitCode)
}
