#!lua flags=allow-oom
-- give-back: puts inputs that this runner has pulled back to the head of the queue.
-- KEYS  1 active  2 wait  3 marker  4 stalled  5 running  6 losses  7 record
-- ARGV  1 prefix of BullMQ's job keys  2 runner id  3 '1': they were running and their slot was lost (counts as a loss),
--       '0': they were not started   then per input: BullMQ id, lock token, index
-- Reply number of inputs given back; those that are no longer ours are left alone
if redis.call('EXISTS', KEYS[7]) == 0 then return 0 end
local given = 0
for i = 4, #ARGV, 3 do
  local id, token, index = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local job = ARGV[1] .. id
  if redis.call('GET', job .. ':lock') == token then
    redis.call('DEL', job .. ':lock')
    redis.call('SREM', KEYS[4], id)
    if redis.call('HGET', KEYS[5], index) == ARGV[2] then redis.call('HDEL', KEYS[5], index) end
    if ARGV[3] == '1' then
      redis.call('HINCRBY', KEYS[6], index, 1)
    else
      redis.call('HINCRBY', job, 'ats', -1)
    end
    if redis.call('LREM', KEYS[1], 1, id) > 0 then
      redis.call('RPUSH', KEYS[2], id)
      given = given + 1
    end
  end
end
if given > 0 then redis.call('ZADD', KEYS[3], 0, '0') end
return given
