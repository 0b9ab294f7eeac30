#!lua flags=allow-oom
-- client-gone: the process of a job's client has ended; it has a little time to come back (P10).
-- KEYS  1 record  2 client     ARGV  1 how long it is still waited for (ms)  2 now (ms)
-- Reply 1 noted, 0 there is no such job, or its client is not waited for any more
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('PEXPIRE', KEYS[2], ARGV[1], 'LT')
redis.call('HSET', KEYS[1], 'clientGoneAt', ARGV[2])
return 1
