/** A tar archive (POSIX ustar), the same bytes for the same files: no times, and no owner but the user of containers. */

/** As runners run: see `container-spec.ts` of the agent. */
const owner = 1000

export interface ArchivedFile {
  /** relative, with `/` */
  path: string
  bytes: Uint8Array
  isExecutable: boolean
}

export function encodeTar(files: ArchivedFile[]): Buffer {
  const blocks = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ path, bytes, isExecutable }) => {
      const mode = isExecutable ? 0o755 : 0o644
      return [...longPath(path), header(path, bytes.length, mode, '0'), padded(bytes)]
    })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

/** What does not fit a header stands before it, in an extended one of its own. */
function longPath(path: string): Buffer[] {
  if (Buffer.byteLength(path) <= 100) return []
  const text = Buffer.from(record(`path=${path}`))
  return [header('PaxHeader', text.length, 0o644, 'x'), padded(text)]
}

/** `<length of all of it> <text>\n` */
function record(text: string): string {
  const length = Buffer.byteLength(text) + 2
  const digits = String(length + String(length).length).length
  return `${length + digits} ${text}\n`
}

function header(path: string, size: number, mode: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(512)
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
  block.write(path.slice(0, 100), 0, 100, 'utf8')
  octal(mode, 100, 8)
  octal(owner, 108, 8)
  octal(owner, 116, 8)
  octal(size, 124, 12)
  octal(0, 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function padded(bytes: Uint8Array): Buffer {
  const block = Buffer.alloc(Math.ceil(bytes.length / 512) * 512)
  block.set(bytes)
  return block
}
