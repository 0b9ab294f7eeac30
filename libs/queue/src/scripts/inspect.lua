#!lua flags=allow-oom
-- inspect: what is known of an input that was handed out before, asked before it is run again.
-- KEYS  1 done  2 running  3 losses  4 attempts     ARGV  1 runner id  2 index
-- Reply { 1 when it has a result, runners lost while it ran, attempts ended, 1 when another runner is said to run it }
-- (A runner that is still noted for it though BullMQ handed it out again was lost without anybody saying so.)
local other = redis.call('HGET', KEYS[2], ARGV[2])
local elsewhere = 0
if other and other ~= ARGV[1] then
  elsewhere = 1
end
return {
  redis.call('GETBIT', KEYS[1], ARGV[2]),
  tonumber(redis.call('HGET', KEYS[3], ARGV[2]) or '0'),
  tonumber(redis.call('HGET', KEYS[4], ARGV[2]) or '0'),
  elsewhere
}
