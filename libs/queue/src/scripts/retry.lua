#!lua flags=allow-oom
-- retry: an attempt failed and another one is due: takes the input's BullMQ job off and adds a new one, at once or later.
-- BullMQ's own `attempts` stays 1; the count per input is ours. The new job is laid out as BullMQ's addStandardJob and
-- addDelayedJob do it (6.7: hash of name, data, opts, timestamp, delay, priority; `wait` or `delayed`; the marker).
--
-- KEYS  1 active  2 wait  3 delayed  4 marker  5 stalled  6 attempts  7 running  8 old job  9 its lock  10 new job  11 record
-- ARGV  1 lock token  2 old id  3 new id  4 index  5 delay (ms)  6 now (ms)  7 runner id  8 attempts ended, with this one
-- Reply 1 done, 0 the input is no longer ours (or done already, when a reply was lost)
if redis.call('EXISTS', KEYS[11]) == 0 or redis.call('GET', KEYS[9]) ~= ARGV[1] then return 0 end
local data = redis.call('HGET', KEYS[8], 'data')
redis.call('DEL', KEYS[8], KEYS[9])
redis.call('LREM', KEYS[1], 1, ARGV[2])
redis.call('SREM', KEYS[5], ARGV[2])
if redis.call('HGET', KEYS[7], ARGV[4]) == ARGV[7] then redis.call('HDEL', KEYS[7], ARGV[4]) end
redis.call('HSET', KEYS[6], ARGV[4], ARGV[8])
redis.call('HSET', KEYS[10], 'name', 'retry', 'data', data, 'opts', '{}',
  'timestamp', ARGV[6], 'delay', ARGV[5], 'priority', 0)
local delay = tonumber(ARGV[5])
if delay > 0 then
  redis.call('ZADD', KEYS[3], (tonumber(ARGV[6]) + delay) * 0x1000, ARGV[3])
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  redis.call('ZADD', KEYS[4], tonumber(first[2]) / 0x1000, '1')
else
  redis.call('LPUSH', KEYS[2], ARGV[3])
  redis.call('ZADD', KEYS[4], 0, '0')
end
return 1
