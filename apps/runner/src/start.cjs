// The first file of ours that Node runs in a container. The image is anybody's, so its Node may be of any age, and this
// file is in words that all of them understand. Exit code 97 tells the agent that it is too old.
var found = process.versions.node
if (Number(found.split('.')[0]) < 20) {
  console.error('its Node is ' + found)
  process.exit(97)
} else {
  // oxlint-disable-next-line no-eval -- `import()` is a syntax error to the oldest
  eval('import("./runner.js")').catch(function (error) {
    console.error(error)
    process.exit(1)
  })
}
