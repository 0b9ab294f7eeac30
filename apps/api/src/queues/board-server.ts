/**
 * Bull Board: its page, its files and what they ask for, as a Fastify that is never listened on. Its own adapter for
 * Fastify brings a template engine and a file server along; what it serves is one page, a folder, and questions. Only the
 * questions that read are here (P9).
 */
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createBullBoard } from '@bull-board/api'
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  BullBoardRequest,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app'
import Fastify, { type FastifyInstance } from 'fastify'
import type { LiveQueues } from './live-queues.ts'

const basePath = '/queues'

const uiConfig: UIConfig = {
  boardTitle: 'Burla: queues',
  hideDocsLink: true,
  // Ours are not named as BullMQ expects, and CLIENT LIST is long.
  showWorkers: false,
  miscLinks: [{ text: 'Nodes and jobs', url: '/' }],
}

/** What the board wants to be served. */
interface Board {
  queues: BullBoardQueues
  config: UIConfig
  entry: AppViewRoute
  routes: AppControllerRoute[]
  onError: Parameters<IServerAdapter['setErrorHandler']>[0]
}

export function createBoardServer(live: LiveQueues, answerWithinMs: number): FastifyInstance {
  const { board, replaceQueues } = createBoard()
  const server = Fastify({
    exposeHeadRoutes: false,
    handlerTimeout: answerWithinMs,
    routerOptions: { ignoreTrailingSlash: true },
  })
  server.setErrorHandler((error: Error, _request, reply) => {
    const { status = 500, body } = board.onError(error)
    return reply.code(status).send(body)
  })
  servePage(server, board)
  serveFiles(server)
  for (const { method, route, handler } of board.routes) {
    if (![method].flat().includes('get')) continue
    for (const url of [route].flat()) {
      server.get(basePath + url, async (request, reply) => {
        await live.look()
        replaceQueues(live.adapters)
        const { query, params, headers } = request as Pick<BullBoardRequest, 'query' | 'params' | 'headers'>
        const asked: BullBoardRequest = {
          queues: board.queues,
          uiConfig: board.config,
          query,
          params,
          headers,
          body: {},
        }
        const { status = 200, body } = await handler(asked)
        return reply.code(status).header('cache-control', 'no-store').send(body)
      })
    }
  }
  return server
}

function createBoard(): { board: Board; replaceQueues(adapters: LiveQueues['adapters']): void } {
  const board: Partial<Board> = {}
  const set = (part: Partial<Board>): IServerAdapter => {
    Object.assign(board, part)
    return serverAdapter
  }
  const serverAdapter: IServerAdapter = {
    setQueues: (queues) => set({ queues }),
    setUIConfig: (config) => set({ config }),
    setEntryRoute: (entry) => set({ entry }),
    setApiRoutes: (routes) => set({ routes }),
    setErrorHandler: (onError) => set({ onError }),
    // We know where they are.
    setViewsPath: () => serverAdapter,
    setStaticPath: () => serverAdapter,
  }
  const { replaceQueues } = createBullBoard({
    queues: [],
    serverAdapter,
    options: { uiBasePath: uiFolder(), uiConfig },
  })
  return { board: board as Board, replaceQueues }
}

/** All it loads is its own; the fonts that it would take from elsewhere it does without. */
const policy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "form-action 'none'",
].join('; ')

function servePage(server: FastifyInstance, { entry, config }: Board): void {
  const { name, params } = entry.handler({ basePath, uiConfig: config })
  const page = fillTemplate(readFileSync(join(uiFolder(), 'dist', name), 'utf8'), params)
  for (const url of [entry.route].flat()) {
    server.get(basePath + url, async (_, reply) =>
      reply
        .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy })
        .header('cache-control', 'no-store')
        .send(page),
    )
  }
}

/** `<%= name %>` is text, `<%- name %>` is HTML. */
function fillTemplate(template: string, values: Record<string, string>): string {
  return template.replace(/<%([=-]) *(\w+) *%>/g, (_, kind: string, name: string) => {
    const value = values[name] ?? ''
    return kind === '-' ? value : value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
  })
}

const contentTypes: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
}

/** A route for each file that there is, so that no address leads out of the folder. */
function serveFiles(server: FastifyInstance): void {
  const folder = join(uiFolder(), 'dist/static')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = contentTypes[extname(name)]
    if (type === undefined) continue
    server.get(`${basePath}/static/${name}`, async (_, reply) =>
      reply
        .headers({
          'content-type': type,
          'cache-control': 'private, max-age=86400',
          'x-content-type-options': 'nosniff',
        })
        .send(await readFile(join(folder, name))),
    )
  }
}

/** In the workspace the package, in the published one what was copied of it. */
function uiFolder(): string {
  const here = import.meta.url
  if (!here.endsWith('.ts')) return fileURLToPath(new URL('./assets/@bull-board/ui', here))
  return dirname(createRequire(here).resolve('@bull-board/ui/package.json'))
}
