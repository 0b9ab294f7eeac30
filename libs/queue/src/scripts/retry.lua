#!lua flags=allow-oom
-- retry: an attempt failed and another one is due: adds the input as a BullMQ job of its own, at once or later.
-- BullMQ's own `attempts` stays 1; the count per input is ours, and it settles who is right: a job that carries the input
-- with a smaller count is superseded, and whoever gets it again skips the input. The job is laid out as BullMQ's
-- addStandardJob and addDelayedJob do it (6.7: hash of name, data, opts, timestamp, delay, priority; list; marker).
--
-- KEYS  1 record  2 wait  3 delayed  4 marker  5 attempts  6 running  7 done  8 new job
-- ARGV  1 new id  2 data (JSON)  3 index  4 attempts ended, with this one  5 delay (ms)  6 now (ms)  7 runner id
-- Reply 1 added, 0 superseded or answered already (or added already, when a reply was lost), or the job is ending
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'waiting' and state ~= 'running' then return 0 end
local ended = tonumber(redis.call('HGET', KEYS[5], ARGV[3]) or '0')
if ended >= tonumber(ARGV[4]) or redis.call('GETBIT', KEYS[7], ARGV[3]) == 1 then return 0 end
redis.call('HSET', KEYS[5], ARGV[3], ARGV[4])
local running = redis.call('HGET', KEYS[6], ARGV[3]) or ''
if string.sub(running, 1, #ARGV[7] + 1) == ARGV[7] .. ':' then redis.call('HDEL', KEYS[6], ARGV[3]) end
redis.call('HSET', KEYS[8], 'name', 'retry', 'data', ARGV[2], 'opts', '{}',
  'timestamp', ARGV[6], 'delay', ARGV[5], 'priority', 0)
local delay = tonumber(ARGV[5])
if delay > 0 then
  redis.call('ZADD', KEYS[3], (tonumber(ARGV[6]) + delay) * 0x1000, ARGV[1])
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  redis.call('ZADD', KEYS[4], tonumber(first[2]) / 0x1000, '1')
else
  redis.call('LPUSH', KEYS[2], ARGV[1])
  redis.call('ZADD', KEYS[4], 0, '0')
end
return 1
