/**
 * The entry of a slot: the child process of a runner in which the user's function runs, one input at a time.
 *
 * It starts without credentials and idle, loads what every call needs, and waits on descriptor 3 for its setup and its
 * calls (`frames.ts`). It ends, with everything that it started, when the channel closes.
 *
 * What is printed before a result is in the pipe before the result is: stdout and stderr are made blocking. Node's are
 * not by themselves (a full pipe loses the rest at `process.exit`), and a slot that prints faster than its runner ships
 * is meant to wait.
 */
import { writeFileSync } from 'node:fs'
import module from 'node:module'
import { Socket } from 'node:net'
import { codecVersion } from '@burla/protocol'
import { markSwitches } from './console-order.ts'
import { FrameReader, frameTypes, writeFrame } from './frames.ts'
import { decodeCall, decodeSetup } from './messages.ts'
import { SlotCalls } from './slot-calls.ts'

const frames = new FrameReader((type, body) => {
  if (type === frameTypes.setup) calls.setup(decodeSetup(body))
  else if (type === frameTypes.call) void calls.call(decodeCall(body))
  else if (type === frameTypes.goOn) calls.goOn()
})
const onread = {
  buffer: () => frames.target,
  callback(length: number) {
    frames.read(length)
    return true
  },
}
const channel = new Socket({ fd: 3, readable: true, writable: true, onread })
const calls = new SlotCalls(channel)
channel.resume()
channel.on('close', endEverything)
channel.on('error', endEverything)
process.on('uncaughtException', (thrown) => calls.fault(thrown, 'uncaughtException'))
process.on('unhandledRejection', (thrown) => calls.fault(thrown, 'unhandledRejection'))
process.on('beforeExit', () => calls.nothingLeft())
process.on('exit', () => calls.exits())

makeBlocking(process.stdout)
makeBlocking(process.stderr)
markSwitches()
volunteerForOutOfMemory()
// A slot ends by SIGKILL, so nothing would be written at its exit. Node 20 has no such cache.
if (process.env['NODE_COMPILE_CACHE']) module.flushCompileCache?.()
delete process.env['NODE_COMPILE_CACHE']
writeFrame(channel, frameTypes.ready, Buffer.from([codecVersion]))

/** The slot leads its process group, so this ends the slot and what it started. */
function endEverything(): void {
  process.kill(-process.pid, 'SIGKILL')
}

/** `setBlocking` is on the handle only; process.stdout's own type does not know it. */
function makeBlocking(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as unknown as { _handle?: { setBlocking?: (on: boolean) => void } }
  handle?.setBlocking?.(true)
}

/** When memory runs out, the kernel shall take this process before its runner. Linux only; elsewhere nobody asks. */
function volunteerForOutOfMemory(): void {
  if (process.platform !== 'linux') return
  try {
    writeFileSync('/proc/self/oom_score_adj', '800')
  } catch (error) {
    process.emitWarning(`a slot cannot raise its oom_score_adj: ${String(error)}`)
  }
}
