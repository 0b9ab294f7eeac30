#!lua flags=allow-oom
-- claim: a node takes the job for itself, if the job still wants more slots than it has.
-- KEYS  1 record  2 claims  3 counts  4 claim of this node
-- ARGV  1 node id  2 claim (JSON)  3 now (ms)  4 expiry of the claim's key (ms)
-- Reply 1 claimed, 0 not (finished, gone, or served by others already)
local record = redis.call('HMGET', KEYS[1], 'state', 'known', 'call')
if record[1] ~= 'waiting' and record[1] ~= 'running' then return 0 end
local counts = redis.call('HMGET', KEYS[3], 'completed', 'failed')
local wanted = tonumber(record[2]) - tonumber(counts[1] or '0') - tonumber(counts[2] or '0')
local most = cjson.decode(record[3]).maxParallelism
if type(most) == 'number' and most < wanted then wanted = most end
local claims = redis.call('HGETALL', KEYS[2])
local served = 0
for i = 1, #claims, 2 do
  if claims[i] ~= ARGV[1] then served = served + cjson.decode(claims[i + 1]).slots end
end
if served >= wanted then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('SET', KEYS[4], ARGV[3], 'PX', ARGV[4])
return 1
