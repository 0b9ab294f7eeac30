#!lua flags=allow-oom
-- renew: the node still serves the job. Refused once the claim was given to nobody (declared lost, or the job is gone).
-- KEYS  1 claims  2 claim of this node     ARGV  1 node id  2 claim (JSON)  3 now (ms)  4 expiry (ms)
-- Reply 1 renewed, 0 the claim is no longer there
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1
