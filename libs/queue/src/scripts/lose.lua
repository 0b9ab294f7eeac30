#!lua flags=allow-oom
-- lose: declares a runner lost. Every input that it had pulled goes back to the head of the queue at once; those that
-- were running are counted (P2: three losses are the end of an input); its places are free again.
-- What it had stored for a batch that it did not come to append goes (should it still live, it stores that again).
-- KEYS  1 active  2 wait  3 marker  4 stalled  5 running  6 losses  7 places  8 record  9 batches  10 values
-- ARGV  1 prefix of BullMQ's job keys  2 runner id  3 channel of freed places
-- Reply number of inputs given back
if redis.call('EXISTS', KEYS[8]) == 0 then return 0 end
local mine = ARGV[2] .. ':'
local given = 0
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local job = ARGV[1] .. id
  local token = redis.call('GET', job .. ':lock')
  if token and string.sub(token, 1, #mine) == mine then
    redis.call('DEL', job .. ':lock')
    redis.call('SREM', KEYS[4], id)
    redis.call('LREM', KEYS[1], 1, id)
    redis.call('RPUSH', KEYS[2], id)
    given = given + 1
  end
end
if given > 0 then redis.call('ZADD', KEYS[3], 0, '0') end

local running = redis.call('HGETALL', KEYS[5])
for i = 1, #running, 2 do
  if string.sub(running[i + 1], 1, #mine) == mine then
    redis.call('HDEL', KEYS[5], running[i])
    redis.call('HINCRBY', KEYS[6], running[i], 1)
  end
end
for _, place in ipairs(redis.call('HKEYS', KEYS[7])) do
  if string.sub(place, 1, #mine) == mine and redis.call('HDEL', KEYS[7], place) == 1 then
    redis.call('PUBLISH', ARGV[3], '')
  end
end
local nextBatch = tonumber(string.match(redis.call('HGET', KEYS[9], ARGV[2]) or '0', '^%d+')) + 1
local value, part = 0, 0
while true do
  local field = ARGV[2] .. '/' .. nextBatch .. '/' .. value .. (part > 0 and '.' .. part or '')
  if redis.call('HDEL', KEYS[10], field) == 1 then part = part + 1
  elseif part == 0 then break
  else value, part = value + 1, 0 end
end
return given
