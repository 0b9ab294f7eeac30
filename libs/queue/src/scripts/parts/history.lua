-- The bounded history of a job (P6): records of its newest inputs, its first failures, its newest lines.

-- One element of `records` has the headers of all results of a batch, so a batch and not an input is what is cut: when all
-- its inputs are older than the newest `most`. Each begins with the number of inputs that had finished by then.
local function keepRecords(key, most, finished, now, heads)
  redis.call('RPUSH', key, finished .. ' ' .. now .. ' ' .. heads)
  local oldest = finished - most
  while oldest > 0 and tonumber(string.match(redis.call('LINDEX', key, 0), '^%d+')) <= oldest do
    redis.call('LTRIM', key, 1, -1)
  end
end

-- Until there are `most`; `before` is how many came before these.
local function keepFailures(key, most, before, now, summaries)
  for i = 1, math.min(#summaries, most - before) do redis.call('RPUSH', key, now .. ' ' .. summaries[i]) end
end

-- Each with the bytes (as its id) and the number of lines that were printed before it, so that a reader knows what is gone.
local function keepLines(key, most, counts, now, lines)
  local printed = redis.call('HMGET', counts, 'lineBytes', 'lines')
  local bytes, number = tonumber(printed[1] or '0'), tonumber(printed[2] or '0')
  for _, entry in ipairs(lines) do
    local oldest = math.max(0, bytes + entry.bytes - most)
    redis.call('XADD', key, 'MINID', '=', oldest, bytes .. '-1', 'b', number, 't', now, 'v', entry.payload)
    bytes, number = bytes + entry.bytes, number + tonumber(entry.note)
  end
  redis.call('HSET', counts, 'lineBytes', bytes, 'lines', number)
end
