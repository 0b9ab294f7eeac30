/**
 * Scraping: pages of a site that is sometimes slow, sometimes busy and sometimes without the page. The calls wait more
 * than they compute. A busy server is tried again by `retries`; what is still wrong then is data.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { burla } from 'burla'

class PageError extends Error {
  override name = 'PageError'
  readonly status: number

  constructor(path: string, status: number) {
    super(`${path} answered with ${status}`)
    this.status = status
  }
}

const { server, address } = await startSite()

const settled = await burla.settle(
  async (path: string) => {
    const response = await fetch(address + path)
    if (!response.ok) throw new PageError(path, response.status)
    const page = await response.text()
    const links = [...page.matchAll(/href="([^"]+)"/g)].map((match) => match[1]!)
    return { title: /<title>(.*)<\/title>/.exec(page)?.[1] ?? '', links }
  },
  Array.from({ length: 60 }, (_, at) => `/pages/${at}`),
  { name: 'scrape', retries: 2, retryDelayMs: 20, timeoutMs: 10_000 },
)
server.close().closeAllConnections()

const pages = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
const missing = settled.filter((outcome) => outcome.status === 'rejected')
const repeated = settled.filter((outcome) => outcome.status === 'fulfilled' && outcome.attempts > 1)
console.log(`${pages.length} pages with ${new Set(pages.flatMap(({ links }) => links)).size} different links`)
console.log(`${repeated.length} pages needed more than one attempt`)
for (const { reason } of missing) console.log(String(reason))

/** Every tenth page is busy when it is asked for the first time; three pages are not there. */
async function startSite() {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const page = Number(path.split('/').at(-1))
    const busy = page % 10 === 0 && !asked.has(path)
    asked.add(path)
    const status = page % 25 === 7 ? 404 : busy ? 503 : 200
    const links = [page + 1, page * 2].map((to) => `<a href="/pages/${to}">${to}</a>`).join()
    setTimeout(() => response.writeHead(status).end(`<title>Page ${page}</title>${links}`), 20)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}
