#!lua flags=allow-oom
-- announce: the client says how many inputs it knows of, and whether these are all.
-- KEYS  1 record  2 counts     ARGV  1 known  2 '1' when there are no more  3 now (ms)
-- Reply the job's state, or 'gone'. All of them may have results already: then this completes the job.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'gone' end
if state ~= 'waiting' and state ~= 'running' then return state end
redis.call('HSET', KEYS[1], 'known', ARGV[1], 'ended', ARGV[2])
local counts = redis.call('HMGET', KEYS[2], 'completed', 'failed')
if ARGV[2] == '1' and tonumber(counts[1] or '0') + tonumber(counts[2] or '0') >= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'state', 'completed', 'finishedAt', ARGV[3])
  return 'completed'
end
return state
