/** What cannot be read as a request at all is answered on the bare socket, in the words of all other failures. */
import type { Socket } from 'node:net'
import type { BurlaError } from '@burla/protocol'

/** Of all headers of a request together. */
export const largestHeaderBytes = 16 * 1024

const answers: Record<string, { status: string; message: string }> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    message: `the headers of the request are over the limit of ${largestHeaderBytes / 1024} KiB`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    message: 'the request did not arrive in time; send it again',
  },
}
const notHttp = { status: '400 Bad Request', message: 'this is not a request in HTTP' }

export function answerUnreadable(error: Error & { code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const { status, message } = answers[error.code] ?? notHttp
  const code: BurlaError['code'] = 'OPTION_INVALID'
  const body = JSON.stringify({ error: { code, message } })
  const head = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`)
}
