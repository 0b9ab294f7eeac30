#!lua flags=allow-oom
-- cancel: no input is started any more; the job ends when its last node has released it (at once when there is none).
-- KEYS  1 record  2 claims     ARGV  1 outcome ('cancelled' | 'failed')  2 reason  3 now (ms)
-- Reply the job's state after this, or 'gone'
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'gone' end
if state ~= 'waiting' and state ~= 'running' then return state end
state = 'cancelling'
if redis.call('HLEN', KEYS[2]) == 0 then
  state = ARGV[1]
  redis.call('HSET', KEYS[1], 'finishedAt', ARGV[3])
end
redis.call('HSET', KEYS[1], 'state', state, 'outcome', ARGV[1], 'reason', ARGV[2])
return state
