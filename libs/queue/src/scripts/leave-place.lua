#!lua flags=allow-oom
-- leave-place: the call in this slot is over, and whoever waits for a place hears of it.
-- KEYS  1 places    ARGV  1 '<runner>:<slot>'  2 channel of freed places
-- Reply 1 left, 0 it had none
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('PUBLISH', ARGV[2], '')
return 1
