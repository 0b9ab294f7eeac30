/**
 * OpenAPI at `/docs`, made from the routes' own schemas when somebody looks for the first time: a second Fastify, with
 * the same routes and no handlers, that is never listened on. So a start of the api does not pay for its documents.
 */
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'

/** To be called before the routes are declared. */
export function serveDocs(server: FastifyInstance): void {
  const routes: RouteOptions[] = []
  let docs: Promise<FastifyInstance> | undefined

  server.addHook('onRoute', (route) => {
    if (/^\/(docs|queues)\b/.test(route.url)) return
    routes.push(route)
  })
  server.addHook('onClose', async () => (await docs)?.close())

  for (const url of ['/docs', '/docs/*']) {
    server.get(url, async (request, reply) => {
      const { routing } = await (docs ??= buildDocs(routes))
      reply.hijack()
      routing(request.raw, reply.raw)
    })
  }
}

async function buildDocs(routes: RouteOptions[]): Promise<FastifyInstance> {
  const [swagger, swaggerUi] = await Promise.all([import('@fastify/swagger'), import('@fastify/swagger-ui')])
  const docs = Fastify({ exposeHeadRoutes: false })
  docs.setValidatorCompiler(() => () => true)
  docs.setSerializerCompiler(() => JSON.stringify)
  await docs.register(swagger.default, {
    exposeHeadRoutes: true,
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Burla for TypeScript', version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
  await docs.register(swaggerUi.default, { routePrefix: '/docs' })
  for (const { method, url, schema } of routes) {
    docs.route({ method, url, ...(schema ? { schema } : {}), handler: async () => undefined })
  }
  await docs.ready()
  return docs
}
