/** What commands say on stdout: one JSON document with `--json`, else text for people. */
import { styleOf, type Style } from './style.ts'

export interface OutputOptions {
  json?: true
}

/** `text` is asked for only when people read it. */
export function print(document: unknown, { json }: OutputOptions, text: (style: Style) => string): void {
  const { stdout, env } = process
  stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : text(styleOf(stdout, env)))
}
