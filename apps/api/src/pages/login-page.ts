/** What a browser without a session sees at every address: it gets in by the code in the link's fragment, which no server is sent. */
import { html } from './html.ts'
import type { Page } from './page.ts'

const script = `
const code = new URLSearchParams(location.hash.slice(1)).get('code')
history.replaceState(null, '', location.pathname + location.search)
if (code) {
  const headers = { 'content-type': 'application/json' }
  fetch('/v1/session', { method: 'POST', headers, body: JSON.stringify({ code }) }).then(({ ok }) => {
    if (ok) location.reload()
    else document.getElementById('why').textContent = 'This link was used already, or is too old.'
  })
}
`

export const loginPage: Page = {
  title: 'Burla: who are you?',
  body: html`<h1>Burla</h1>
    <p id="why">This cluster answers only those who hold its token.</p>
    <p>
      Run <code>burla dashboard</code> in a terminal: it prints a link that lets this browser in. Each link works once,
      within 15 minutes.
    </p>`,
  script,
}
