#!lua flags=allow-oom
-- take-place: one of the places of a job with `maxParallelism`, for one slot of a runner. Taking twice is taking once.
-- KEYS  1 places  2 record    ARGV  1 '<runner>:<slot>'  2 maxParallelism
-- Reply 1 taken, 0 none free
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], 1)
return 1
