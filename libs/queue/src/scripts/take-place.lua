#!lua flags=allow-oom
-- take-place: one of the places of a job with `maxParallelism`, for one slot of a runner. Taking twice is taking once.
-- KEYS  1 places  2 claims    ARGV  1 '<runner>:<slot>'  2 node id  3 maxParallelism
-- Reply 1 taken, 0 none free, or the node has no claim
--
-- Invariants: there are never more places than maxParallelism; every place is under its node's claim, and ends with it.
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then return 0 end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
