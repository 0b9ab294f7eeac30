/** What all pages share: their head, their looks, and what a browser may load for them, which is nothing from elsewhere. */
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import { Html, html } from './html.ts'

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
a { color: inherit; } nav a, p, .soft { color: var(--soft); } nav a { margin-right: 1rem; }
table { border-collapse: collapse; width: 100%; }
th { font-weight: 500; color: var(--soft); text-align: left; }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; } code, td:first-child { font-family: ui-monospace, monospace; font-size: .9em; }
.completed, .idle { color: #2a8a4a; } .failed, .lost { color: #d33; } .running, .claimed { color: #2878c8; }
.cancelled, .cancelling, .draining { color: #b07a10; }
#away { display: none; padding: .5rem .8rem; background: #d332; border-radius: .3rem; }
`

export interface Page {
  title: string
  body: Html
  script: string
}

export function pageText({ title, body, script }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${element('style', style)}
      </head>
      <body>
        ${body} ${element('script', script)}
      </body>
    </html> `.text
}

/** With exactly this text: the policy below allows it by its digest. */
function element(name: 'style' | 'script', text: string): Html {
  return new Html(`<${name}>${text}</${name}>`)
}

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  const only = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header(
      'content-security-policy',
      `default-src 'none'; script-src ${only(page.script)}; style-src ${only(style)}; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    )
    .send(pageText(page))
}
