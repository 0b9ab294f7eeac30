/**
 * What runs in the thread of the heartbeat, as text: a file of its own would have to be found again by whatever bundled
 * the program. CommonJS, for Node 20, builtins only.
 *
 * All requests go over one connection: when the program ends its kernel closes it, and the api knows. What the api says
 * of the jobs is passed on.
 */
export const heartbeatThread = `
'use strict'
const { parentPort, workerData } = require('node:worker_threads')
const { origin, socketPath, path, token, everyMs, againMs, answerWithinMs } = workerData
let { jobs } = workerData
const { protocol, hostname, port } = new URL(origin)
const { request: send, Agent } = require(protocol === 'https:' ? 'node:https' : 'node:http')
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

parentPort.on('message', (changed) => {
  jobs = changed
})

function beat() {
  const body = JSON.stringify({ jobs })
  let over = false
  const next = (ms) => {
    if (!over) setTimeout(beat, ms)
    over = true
  }
  const request = send({
    ...(socketPath ? { socketPath } : { protocol, port, hostname: hostname.replace(/^\\[|\\]$/g, '') }),
    method: 'POST',
    path,
    agent,
    timeout: answerWithinMs,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(token === undefined ? {} : { authorization: 'Bearer ' + token }),
    },
  })
  request.on('timeout', () => request.destroy())
  request.on('close', () => next(againMs))
  request.on('error', () => next(againMs))
  request.on('response', (response) => {
    const chunks = []
    response.on('data', (chunk) => chunks.push(chunk))
    response.on('error', () => next(againMs))
    response.on('end', () => {
      next(everyMs)
      if (response.statusCode === 200) parentPort.postMessage(JSON.parse(Buffer.concat(chunks)).unknown)
    })
  })
  request.end(body)
}
beat()
`
