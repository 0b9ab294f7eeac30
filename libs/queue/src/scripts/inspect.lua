#!lua flags=allow-oom
-- inspect: what is known of an input that was handed out before, asked before it is run again.
-- KEYS  1 done  2 losses  3 attempts     ARGV  1 index
-- Reply { 1 when it has a result, runners and slots lost while it ran, times it ran out of memory, attempts ended }
return {
  redis.call('GETBIT', KEYS[1], ARGV[1]),
  tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0'),
  tonumber(redis.call('HGET', KEYS[2], 'm' .. ARGV[1]) or '0'),
  tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
}
