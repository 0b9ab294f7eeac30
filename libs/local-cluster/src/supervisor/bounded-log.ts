/** Logs of a cluster that stays for weeks: each file and the one before it have at most this many bytes. */
import { appendFileSync, copyFileSync, existsSync, statSync, truncateSync } from 'node:fs'

const mostBytes = 4 * 1024 * 1024

/** Appends lines to the file. */
export function openLog(path: string): (line: string) => void {
  let size = existsSync(path) ? statSync(path).size : 0
  return (line) => {
    const text = `${line}\n`
    appendFileSync(path, text, { mode: 0o600 })
    size += Buffer.byteLength(text)
    if (size > mostBytes) {
      boundLog(path)
      size = 0
    }
  }
}

/** For a file that another process appends to and keeps open: what is in it moves to `<path>.1`. */
export function boundLog(path: string): void {
  if (!existsSync(path) || statSync(path).size <= mostBytes) return
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
}
