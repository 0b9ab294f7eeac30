-- Values beside a stream or a queue, in a hash: the first part in the field `name`, more parts in `name.1`, `name.2` ...

-- Calls `use` with these fields, one after another, until it replies 0.
local function eachPart(name, use)
  local part, field = 0, name
  while use(field) > 0 do
    part = part + 1
    field = name .. '.' .. part
  end
end

local function dropValue(key, name)
  eachPart(name, function(field) return redis.call('HDEL', key, field) end)
end

-- True when all its `bytes` are there.
local function isStored(key, name, bytes)
  local stored = 0
  eachPart(name, function(field)
    local length = redis.call('HSTRLEN', key, field)
    stored = stored + length
    return length
  end)
  return stored == bytes
end
