#!lua flags=no-writes
-- read-kept: the next results of a job that keeps them, as many as fit some bytes (and always one), and how the job is.
-- KEYS  1 record  2 results     ARGV  1 id of the last entry that was read  2 most bytes  3 most entries
-- Reply { state of the job or 'gone', its reason or '', number of inputs known, { id, fields } ... }
-- The state is as of the same moment: a finished job without further entries has no more.
local record = redis.call('HMGET', KEYS[1], 'state', 'reason', 'known')
if not record[1] then return {'gone', '', 0} end
local reply = {record[1], record[2] or '', tonumber(record[3])}
local last, bytes = ARGV[1], 0
for _ = 1, tonumber(ARGV[3]) do
  local entry = redis.call('XRANGE', KEYS[2], '(' .. last, '+', 'COUNT', 1)[1]
  if not entry then break end
  for _, field in ipairs(entry[2]) do bytes = bytes + #field end
  if #reply > 3 and bytes > tonumber(ARGV[2]) then break end
  reply[#reply + 1] = entry
  last = entry[1]
end
return reply
