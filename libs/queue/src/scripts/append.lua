-- append: stores a batch of results and lines of one runner, each batch exactly once (P1).
--
-- KEYS  1 record  2 results  3 done  4 counts  5 running  6 batches  7 attempts  8 losses  9 inputs
--       10 claims  11 records  12 failures  13 lines  14 values
-- ARGV  1 runner id  2 batch number  3 now (ms)  4 inputs, 5 failures, 6 bytes of lines that the history keeps  7 codec
--       then per entry six: index ('' for lines)  status ('ok' | 'error' | '')  header (JSON)  payload (bytes)
--       note (of an error its summary as JSON, of lines their number)  bytes of a payload that is in `values`, or ''
-- Reply { state of the job, bytes stored but not yet taken by the client } ; state is 'gone' when there is no such job, and
--       'missing' when a large payload is not there (any more): then nothing was done.
-- Of a submitted job nothing is taken and no bytes are waited for: the second is 0.
--
-- Invariants: the first stored result of an index wins; a batch whose reply was lost may be sent again and adds nothing;
-- a job that is being ended takes nothing more; the last result of an ended list of inputs completes the job; the results
-- that a submitted job keeps are never more than `keptBytes`: a batch that would be too much ends the job instead (P6).
-- A batch is one entry of the stream (per result one costs reader and writer several times as much).
-- Large payloads come before their batch, into `values` as `<runner>/<batch>/<n>`: copied through Lua they cost several
-- times as much. Each belongs to an entry of the stream, or goes here: that of a result which did not win, and those of a
-- batch that was sent again when the client had taken it already (its entry has left the stream). What a runner stored
-- before it was lost goes in lose.lua.
-- A job whose record has `history` keeps one; lines of a job that keeps its results, too, are there and not in the stream,
-- which is never cut.
-- Deliberately without `allow-oom`: this is what fills Redis, so a full Redis refuses it, and the runner repeats it.
-- with large-values
-- with history
local record = redis.call('HMGET', KEYS[1], 'state', 'ended', 'known', 'keptBytes', 'history')
local state, keptBytes, hasHistory = record[1], tonumber(record[4] or nil), record[5]
if not state then return {'gone', 0} end
if state ~= 'waiting' and state ~= 'running' then return {state, 0} end

local runner, batch, now = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local lastBatch, lastId = string.match(redis.call('HGET', KEYS[6], runner) or '0 ', '^(%d+) (.*)$')

local function countOf(name) return tonumber(redis.call('HGET', KEYS[4], name) or '0') end

-- The entries, and the names of their large values. Of those the payload here is empty.
local function readEntries()
  local entries, names = {}, {}
  for i = 8, #ARGV, 6 do
    local entry = {
      index = ARGV[i], status = ARGV[i + 1], header = ARGV[i + 2], payload = ARGV[i + 3], note = ARGV[i + 4],
      bytes = tonumber(ARGV[i + 5]) or #ARGV[i + 3]
    }
    if ARGV[i + 5] ~= '' then
      entry.name = runner .. '/' .. batch .. '/' .. #names
      names[#names + 1] = entry.name
    end
    entries[#entries + 1] = entry
  end
  return entries, names
end

local function isTooMuch(entries)
  local bytes = countOf('storedBytes')
  for _, entry in ipairs(entries) do
    if entry.index ~= '' and redis.call('GETBIT', KEYS[3], entry.index) == 0 then
      bytes = bytes + #entry.header + entry.bytes
    end
  end
  return bytes > keptBytes
end

local function endForTooMuch()
  local reason = 'its results are over ' .. string.format('%g MiB', keptBytes / 1048576)
    .. ', the most that a submitted job keeps; let the function write large results into shared/ and return their '
    .. 'paths, or take them as they finish with burla.stream'
  local ending = redis.call('HLEN', KEYS[10]) == 0 and 'failed' or 'cancelling'
  if ending == 'failed' then redis.call('HSET', KEYS[1], 'finishedAt', now) end
  redis.call('HSET', KEYS[1], 'state', ending, 'outcome', 'failed', 'reason', reason)
  return ending
end

-- The input has a result, this one or an earlier one: nothing more is to be known of its calls.
local function forgetCalls(index)
  local running = redis.call('HGET', KEYS[5], index) or ''
  if string.sub(running, 1, #runner + 1) == runner .. ':' then redis.call('HDEL', KEYS[5], index) end
  redis.call('HDEL', KEYS[7], index)
  redis.call('HDEL', KEYS[8], index, 'm' .. index)
  dropValue(KEYS[9], index)
end

-- Stores what is new as one entry of the stream, and counts it.
local function store(entries)
  local heads, bodies, beside = {}, {}, 0
  local completed, summaries, lines = 0, {}, {}
  for _, entry in ipairs(entries) do
    local isLines = entry.index == ''
    local isNew = isLines or redis.call('SETBIT', KEYS[3], entry.index, 1) == 0
    if isLines then lines[#lines + 1] = entry
    elseif isNew and entry.status == 'ok' then completed = completed + 1
    elseif isNew then summaries[#summaries + 1] = entry.note end

    if not isNew then
      if entry.name then dropValue(KEYS[14], entry.name) end
    elseif entry.name then
      heads[#heads + 1] = '[' .. entry.bytes .. ',' .. entry.header .. ',"' .. entry.name .. '"]'
      beside = beside + entry.bytes
    elseif not (isLines and keptBytes and hasHistory) then
      heads[#heads + 1] = '[' .. entry.bytes .. ',' .. entry.header .. ']'
      bodies[#bodies + 1] = entry.payload
    end
    if not isLines then forgetCalls(entry.index) end
  end

  local failed = #summaries
  local h, id = '[' .. ARGV[7] .. ',' .. table.concat(heads, ',') .. ']', ''
  if #heads > 0 then
    local v = #bodies == 1 and bodies[1] or table.concat(bodies)
    id = redis.call('XADD', KEYS[2], '*', 'h', h, 'v', v)
    redis.call('HINCRBY', KEYS[4], 'storedBytes', #h + #v + beside)
  end
  if completed > 0 then redis.call('HINCRBY', KEYS[4], 'completed', completed) end
  if failed > 0 then redis.call('HINCRBY', KEYS[4], 'failed', failed) end
  redis.call('HSET', KEYS[6], runner, batch .. ' ' .. id)
  if not hasHistory then return end

  if completed + failed > 0 then
    local allFailed = countOf('failed')
    keepRecords(KEYS[11], tonumber(ARGV[4]), countOf('completed') + allFailed, now, h)
    keepFailures(KEYS[12], tonumber(ARGV[5]), allFailed - failed, now, summaries)
  end
  if #lines > 0 then keepLines(KEYS[13], tonumber(ARGV[6]), KEYS[4], now, lines) end
end

-- Of a batch that was stored before: its large values have come again. They stay only where its entry still needs them.
local function dropRepeated(names)
  local entry = lastId ~= '' and redis.call('XRANGE', KEYS[2], lastId, lastId)[1]
  for _, name in ipairs(names) do
    if not entry or not string.find(entry[2][2], '"' .. name .. '"', 1, true) then dropValue(KEYS[14], name) end
  end
end

local entries, names = readEntries()
if batch <= tonumber(lastBatch) then
  if #names > 0 then dropRepeated(names) end
elseif keptBytes and isTooMuch(entries) then
  for _, name in ipairs(names) do dropValue(KEYS[14], name) end
  return {endForTooMuch(), 0}
else
  for _, entry in ipairs(entries) do
    if entry.name and not isStored(KEYS[14], entry.name, entry.bytes) then return {'missing', 0} end
  end
  store(entries)
end

local counts = redis.call('HMGET', KEYS[4], 'completed', 'failed', 'storedBytes', 'takenBytes')
local finished = tonumber(counts[1] or '0') + tonumber(counts[2] or '0')
if record[2] == '1' and finished >= tonumber(record[3]) then
  state = 'completed'
  redis.call('HSET', KEYS[1], 'state', state, 'finishedAt', now)
end
if keptBytes then return {state, 0} end
return {state, tonumber(counts[3] or '0') - tonumber(counts[4] or '0')}
