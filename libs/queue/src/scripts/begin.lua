#!lua flags=allow-oom
-- begin: notes that calls of these inputs start on this runner; the first one starts the job.
-- KEYS  1 record  2 running     ARGV  1 runner id  2 now (ms)  then for each call its index and the number of its run
-- Reply the job's state, or 'gone'
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'gone' end
if state ~= 'waiting' and state ~= 'running' then return state end
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[1] .. ':' .. ARGV[i + 1]) end
if state == 'waiting' then redis.call('HSET', KEYS[1], 'state', 'running', 'startedAt', ARGV[2]) end
return 'running'
