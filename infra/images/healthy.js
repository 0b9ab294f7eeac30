// Ends with 0 when the address answers with a status of success.
const { ok } = await fetch(process.argv[2]).catch(() => ({ ok: false }))
process.exit(ok ? 0 : 1)
