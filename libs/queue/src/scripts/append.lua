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
-- The history (P6) of a job whose record has `history` takes the same batch: one element of `records` with the headers of
-- its results, so a batch and not an input is what is cut; failures until there are enough; lines each with the bytes and
-- the number that were printed before them, so that a reader knows what is gone. Lines of a job that keeps its results are
-- there and not in the stream, which is never cut.
-- Deliberately without `allow-oom`: this is what fills Redis, so a full Redis refuses it, and the runner repeats it.
local record = redis.call('HMGET', KEYS[1], 'state', 'ended', 'known', 'keptBytes', 'history')
local state = record[1]
if not state then return {'gone', 0} end
if state ~= 'waiting' and state ~= 'running' then return {state, 0} end

local runner, batch, now = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local entries, values = {}, {}
for i = 8, #ARGV, 6 do
  local entry = {
    index = ARGV[i], status = ARGV[i + 1], header = ARGV[i + 2], payload = ARGV[i + 3], note = ARGV[i + 4],
    bytes = tonumber(ARGV[i + 5]) or #ARGV[i + 3]
  }
  if ARGV[i + 5] ~= '' then
    entry.name = runner .. '/' .. batch .. '/' .. #values
    values[#values + 1] = entry.name
  end
  entries[#entries + 1] = entry
end

-- Calls `use` with the fields of a large value, one after another, until it replies 0.
local function eachPart(name, use)
  local part, field = 0, name
  while use(field) > 0 do
    part = part + 1
    field = name .. '.' .. part
  end
end
local function drop(key, name)
  eachPart(name, function(field) return redis.call('HDEL', key, field) end)
end
local function isStored(entry)
  local bytes = 0
  eachPart(entry.name, function(field)
    local length = redis.call('HSTRLEN', KEYS[14], field)
    bytes = bytes + length
    return length
  end)
  return bytes == entry.bytes
end

local function keep(h, completed, failed, summaries, lines)
  local kept = redis.call('HMGET', KEYS[4], 'completed', 'failed', 'lineBytes', 'lines')
  local allFailed = tonumber(kept[2] or '0')
  local all = tonumber(kept[1] or '0') + allFailed
  if completed + failed > 0 then
    redis.call('RPUSH', KEYS[11], all .. ' ' .. now .. ' ' .. h)
    local oldest = all - tonumber(ARGV[4])
    while oldest > 0 and tonumber(string.match(redis.call('LINDEX', KEYS[11], 0), '^%d+')) <= oldest do
      redis.call('LTRIM', KEYS[11], 1, -1)
    end
  end
  for i = 1, math.min(failed, tonumber(ARGV[5]) - (allFailed - failed)) do
    redis.call('RPUSH', KEYS[12], now .. ' ' .. summaries[i])
  end
  if #lines == 0 then return end
  local bytes, number = tonumber(kept[3] or '0'), tonumber(kept[4] or '0')
  for _, entry in ipairs(lines) do
    local oldest = math.max(0, bytes + entry.bytes - tonumber(ARGV[6]))
    redis.call('XADD', KEYS[13], 'MINID', '=', oldest, bytes .. '-1', 'b', number, 't', now, 'v', entry.payload)
    bytes, number = bytes + entry.bytes, number + tonumber(entry.note)
  end
  redis.call('HSET', KEYS[4], 'lineBytes', bytes, 'lines', number)
end

local last, lastId = string.match(redis.call('HGET', KEYS[6], runner) or '0 ', '^(%d+) (.*)$')
local isNew = batch > tonumber(last)
if isNew and record[4] then
  local bytes = tonumber(redis.call('HGET', KEYS[4], 'storedBytes') or '0')
  for _, entry in ipairs(entries) do
    if entry.index ~= '' and redis.call('GETBIT', KEYS[3], entry.index) == 0 then
      bytes = bytes + #entry.header + entry.bytes
    end
  end
  if bytes > tonumber(record[4]) then
    for _, name in ipairs(values) do drop(KEYS[14], name) end
    local reason = 'its results are over ' .. string.format('%g MiB', tonumber(record[4]) / 1048576)
      .. ', the most that a submitted job keeps; let the function write large results into shared/ and return their '
      .. 'paths, or take them as they finish with burla.stream'
    state = 'cancelling'
    if redis.call('HLEN', KEYS[10]) == 0 then
      state = 'failed'
      redis.call('HSET', KEYS[1], 'finishedAt', now)
    end
    redis.call('HSET', KEYS[1], 'state', state, 'outcome', 'failed', 'reason', reason)
    return {state, 0}
  end
end
if isNew then
  for _, entry in ipairs(entries) do
    if entry.name and not isStored(entry) then return {'missing', 0} end
  end
  local heads, bodies, beside, completed, failed = {}, {}, 0, 0, 0
  local summaries, lines = {}, {}
  for _, entry in ipairs(entries) do
    local index, status = entry.index, entry.status
    if index == '' and record[4] and record[5] then lines[#lines + 1] = entry
    elseif index == '' or redis.call('SETBIT', KEYS[3], index, 1) == 0 then
      if entry.name then
        heads[#heads + 1] = '[' .. entry.bytes .. ',' .. entry.header .. ',"' .. entry.name .. '"]'
        beside = beside + entry.bytes
      else
        heads[#heads + 1] = '[' .. entry.bytes .. ',' .. entry.header .. ']'
        bodies[#bodies + 1] = entry.payload
      end
      if status == 'ok' then completed = completed + 1
      elseif status == 'error' then
        failed = failed + 1
        summaries[failed] = entry.note
      else lines[#lines + 1] = entry end
    elseif entry.name then drop(KEYS[14], entry.name) end
    if index ~= '' then
      local running = redis.call('HGET', KEYS[5], index) or ''
      if string.sub(running, 1, #runner + 1) == runner .. ':' then redis.call('HDEL', KEYS[5], index) end
      redis.call('HDEL', KEYS[7], index)
      redis.call('HDEL', KEYS[8], index)
      drop(KEYS[9], index)
    end
  end
  local h, id = '[' .. ARGV[7] .. ',' .. table.concat(heads, ',') .. ']', ''
  if #heads > 0 then
    local v = #bodies == 1 and bodies[1] or table.concat(bodies)
    id = redis.call('XADD', KEYS[2], '*', 'h', h, 'v', v)
    redis.call('HINCRBY', KEYS[4], 'storedBytes', #h + #v + beside)
  end
  if completed > 0 then redis.call('HINCRBY', KEYS[4], 'completed', completed) end
  if failed > 0 then redis.call('HINCRBY', KEYS[4], 'failed', failed) end
  redis.call('HSET', KEYS[6], runner, batch .. ' ' .. id)

  if record[5] and #heads + #lines > 0 then keep(h, completed, failed, summaries, lines) end
elseif #values > 0 then
  local entry = lastId ~= '' and redis.call('XRANGE', KEYS[2], lastId, lastId)[1]
  for _, name in ipairs(values) do
    if not entry or not string.find(entry[2][2], '"' .. name .. '"', 1, true) then drop(KEYS[14], name) end
  end
end

local counts = redis.call('HMGET', KEYS[4], 'completed', 'failed', 'storedBytes', 'takenBytes')
local finished = tonumber(counts[1] or '0') + tonumber(counts[2] or '0')
if record[2] == '1' and finished >= tonumber(record[3]) then
  state = 'completed'
  redis.call('HSET', KEYS[1], 'state', state, 'finishedAt', now)
end
if record[4] then return {state, 0} end
return {state, tonumber(counts[3] or '0') - tonumber(counts[4] or '0')}
