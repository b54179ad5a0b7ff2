// kafkajs shows what it can do, with its defaults unless the capability is a setting.
import zlib from 'node:zlib'
import { promisify } from 'node:util'
import kafkajs from 'kafkajs'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { check, main, NotThere, numbers, please, same, sleep, sorted, until } from './speaking_up.mjs'

const { CompressionCodecs, CompressionTypes, Kafka, logLevel, Partitioners } = kafkajs
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

// kafkajs brings gzip only; what it is given for the others is what its documentation asks for.
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: encoder => snappy.compress(encoder.buffer),
  decompress: buffer => {
    if (!buffer.subarray(0, 8).equals(XERIAL)) return snappy.uncompress(buffer)
    const parts = []
    for (let at = 16; at < buffer.length;) {
      const size = buffer.readInt32BE(at)
      parts.push(snappy.uncompress(buffer.subarray(at + 4, at + 4 + size)))
      at += 4 + size
    }
    return Buffer.concat(parts)
  }
})
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: encoder => Buffer.from(lz4.compress(encoder.buffer)),
  decompress: buffer => Buffer.from(lz4.decompress(buffer))
})
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: encoder => promisify(zlib.zstdCompress)(encoder.buffer),
  decompress: buffer => promisify(zlib.zstdDecompress)(buffer)
})

const client = ground => new Kafka({ clientId: 'kafkajs', brokers: ground.brokers, logLevel: logLevel.NOTHING })

async function withProducer (ground, settings, work) {
  const producer = client(ground).producer({ createPartitioner: Partitioners.DefaultPartitioner, ...settings })
  await producer.connect()
  try {
    return await work(producer)
  } finally {
    await producer.disconnect()
  }
}

const send = (ground, messages, settings = {}, more = {}) =>
  withProducer(ground, settings, producer => producer.send({ topic: ground.topic, messages, ...more }))

const keyedMessages = (from, to) => numbers(from, to).map(n => ({ key: `key-${n % 7}`, value: String(n) }))

/** A member of a group: what it has seen, and which partitions it was given last. */
class Member {
  seen = []
  owned = []
  generations = 0

  static async of (ground, settings = {}, running = {}) {
    const member = new Member()
    member.consumer = client(ground).consumer({ groupId: ground.topic, heartbeatInterval: 500, ...settings })
    member.consumer.on('consumer.group_join', ({ payload }) => {
      member.owned = sorted(payload.memberAssignment[ground.topic] ?? [])
      member.generations += 1
    })
    await member.consumer.connect()
    await member.consumer.subscribe({ topics: [ground.topic], fromBeginning: true })
    await member.consumer.run({
      eachMessage: async ({ message, partition }) => member.seen.push({ partition, ...message }),
      ...running
    })
    return member
  }

  leave = () => this.consumer.disconnect()
}

async function everything (ground, count, settings = {}) {
  const member = await Member.of(ground, { groupId: `${ground.topic}-${Date.now()}-${Math.random()}`, ...settings })
  try {
    await until(`${count} records`, () => member.seen.length >= count)
  } finally {
    await member.leave()
  }
  return member.seen
}

const values = messages => messages.map(one => Number(one.value.toString()))

const compressed = compression => async ground => {
  const sent = numbers(0, 200).map(n => ({ key: `key-${n % 7}`, value: `value ${n} `.repeat(20) }))
  await send(ground, sent, {}, { compression })
  const got = (await everything(ground, 200)).map(one => one.value.toString())
  same(got.sort(), sent.map(one => one.value).sort())
  return '200 records came back'
}

async function keyed (ground) {
  await send(ground, keyedMessages(0, 300))
  const got = await everything(ground, 300)
  for (const key of numbers(0, 7)) {
    const mine = got.filter(one => one.key.toString() === `key-${key}`)
    same(values(mine), numbers(0, 300).filter(n => n % 7 === key))
    same(new Set(mine.map(one => one.partition)).size, 1)
  }
  return `7 keys in ${new Set(got.map(one => one.partition)).size} partitions`
}

async function unkeyed (ground) {
  await send(ground, numbers(0, 100).map(n => ({ value: String(n) })))
  const got = await everything(ground, 100)
  check(got.every(one => one.key === null), 'a key where none was sent')
  same(sorted(values(got)), numbers(0, 100))
  return '100 records with null for a key'
}

async function headers (ground) {
  await send(ground, [{ value: 'x', headers: { a: ['1', '2'], b: '' } }])
  const [got] = await everything(ground, 1)
  same([got.headers.a.map(String), got.headers.b.toString()], [['1', '2'], ''])
  return 'a repeated name and an empty value'
}

async function idempotent (ground) {
  await withProducer(ground, { idempotent: true, maxInFlightRequests: 1, retry: { retries: 20 } }, async producer => {
    for (let from = 0; from < 2000; from += 100) {
      const messages = numbers(from, from + 100).map(n => ({ value: String(n), partition: 0 }))
      const sending = producer.send({ topic: ground.topic, messages })
      if (from === 1000) await please({ please: 'crash_leader', partition: 0 })
      await sending
    }
  })
  same(values(await everything(ground, 2000)), numbers(0, 2000))
  return '2,000 records, each once and in order'
}

async function transactional (ground) {
  const settings = { transactionalId: `${ground.topic}-id`, idempotent: true, maxInFlightRequests: 1 }
  const wrote = async (producer, some, end) => {
    const transaction = await producer.transaction()
    await transaction.send({ topic: ground.topic, messages: some.map(n => ({ value: String(n) })) })
    await transaction[end]()
  }
  let fencedBy
  await withProducer(ground, settings, async first => {
    await wrote(first, numbers(0, 10), 'commit')
    await wrote(first, numbers(10, 20), 'abort')
    await withProducer(ground, settings, async second => {
      await wrote(second, [20], 'commit')
      await wrote(first, [-1], 'commit').catch(error => { fencedBy = error.type ?? error.name })
    })
  })
  check(fencedBy, 'the first producer was not fenced')
  same(sorted(values(await everything(ground, 11, { readUncommitted: false }))), [...numbers(0, 10), 20])
  return `11 committed records seen, the zombie met ${fencedBy}`
}

async function readCommitted (ground) {
  const settings = { transactionalId: `${ground.topic}-id`, idempotent: true, maxInFlightRequests: 1 }
  await withProducer(ground, settings, async producer => {
    const transaction = await producer.transaction()
    await transaction.send({ topic: ground.topic, messages: numbers(0, 10).map(n => ({ value: String(n) })) })
    same((await everything(ground, 10, { readUncommitted: true })).length, 10)
    const careful = await Member.of(ground, { readUncommitted: false })
    await until('it has all', () => careful.owned.length === 3)
    await sleep(2000)
    same(careful.seen.length, 0)
    await transaction.commit()
    await until('10 records', () => careful.seen.length === 10)
    await careful.leave()
  })
  return 'nothing before the commit, 10 records after it'
}

const shared = (one, other) => one.owned.length > 0 && other.owned.length > 0 &&
  JSON.stringify(sorted([...one.owned, ...other.owned])) === '[0,1,2]'

const haveSeen = (count, ...members) => new Set(members.flatMap(one => values(one.seen))).size === count

async function groupRebalance (ground) {
  await send(ground, keyedMessages(0, 100))
  const first = await Member.of(ground)
  await until('the first has all', () => first.owned.length === 3)
  const second = await Member.of(ground)
  await until('both have some', () => shared(first, second))
  await send(ground, keyedMessages(100, 200))
  await until('200 records', () => haveSeen(200, first, second))
  await first.leave()
  await until('the second has all', () => second.owned.length === 3)
  await send(ground, keyedMessages(200, 300))
  await until('300 records', () => haveSeen(300, first, second))
  await second.leave()
  return 'shared by two, then all with one; 300 records'
}

const throughACrash = crash => async ground => {
  await send(ground, keyedMessages(0, 100))
  const member = await Member.of(ground)
  await until('100 records', () => haveSeen(100, member))
  await please(crash(ground))
  await send(ground, keyedMessages(100, 200), { idempotent: true, maxInFlightRequests: 1, retry: { retries: 20 } })
  await until('200 records', () => haveSeen(200, member))
  await member.leave()
  const admin = client(ground).admin()
  await admin.connect()
  const [told] = await admin.fetchOffsets({ groupId: ground.topic, topics: [ground.topic] })
  await admin.disconnect()
  same(told.partitions.reduce((sum, one) => sum + Math.max(Number(one.offset), 0), 0), 200)
  return '200 records, 200 committed'
}

async function seek (ground) {
  await send(ground, numbers(0, 20).map(n => ({ value: String(n), partition: 1 })))
  const member = await Member.of(ground)
  await until('20 records', () => member.seen.length === 20)
  member.consumer.seek({ topic: ground.topic, partition: 1, offset: '15' })
  await until('5 more', () => member.seen.length === 25)
  same(values(member.seen), [...numbers(0, 20), ...numbers(15, 20)])
  await member.leave()
  return 'from 0, then from 15; partitions by hand are not in this client'
}

async function administered (ground, work) {
  const admin = client(ground).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

async function timeLookup (ground) {
  const longAgo = 1_700_000_000_000
  await send(ground, numbers(0, 10).map(n => ({ value: String(n), partition: 0, timestamp: String(longAgo + n * 1000) })))
  return administered(ground, async admin => {
    const found = []
    for (const ms of [0, 3500, 9000, 9001]) {
      const told = await admin.fetchTopicOffsetsByTimestamp(ground.topic, longAgo + ms)
      found.push(told.find(one => one.partition === 0).offset)
    }
    // It gives the end where no record is late enough.
    same(found, ['0', '4', '9', '10'])
    return 'offsets 0, 4, 9 and the end'
  })
}

const adminTopics = ground => administered(ground, async admin => {
  const topic = `${ground.topic}-made`
  const wish = { topic, numPartitions: 2, replicationFactor: 3, configEntries: [{ name: 'retention.ms', value: '60000' }] }
  same(await admin.createTopics({ topics: [wish] }), true)
  same(await admin.createTopics({ topics: [wish] }), false)
  await until('listed', async () => (await admin.listTopics()).includes(topic))
  const { topics: [described] } = await admin.fetchTopicMetadata({ topics: [topic] })
  same(described.partitions.map(one => one.replicas.length), [3, 3])
  same((await admin.describeCluster()).brokers.map(one => one.nodeId).sort(), [1, 2, 3])
  await admin.deleteTopics({ topics: [topic] })
  await until('gone', async () => !(await admin.listTopics()).includes(topic))
  return 'made, described, deleted'
})

const adminConfigs = ground => administered(ground, async admin => {
  const type = 2
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type, name: ground.topic, configEntries: [{ name: 'retention.ms', value: '60000' }] }]
  })
  await until('told', async () => {
    const { resources: [told] } = await admin.describeConfigs({ resources: [{ type, name: ground.topic }] })
    return told.configEntries.find(one => one.configName === 'retention.ms').configValue === '60000'
  })
  return 'retention.ms is 60000'
})

const adminGroups = ground => administered(ground, async admin => {
  const member = await Member.of(ground)
  await until('it has all', () => member.owned.length === 3)
  const isListed = async () => (await admin.listGroups()).groups.some(one => one.groupId === ground.topic)
  check(await isListed(), 'not listed')
  const { groups: [described] } = await admin.describeGroups([ground.topic])
  same([described.state, described.members.length], ['Stable', 1])
  const busy = await admin.deleteGroups([ground.topic]).catch(error => error)
  same(busy.groups?.[0].error.type, 'NON_EMPTY_GROUP')
  await member.leave()
  await admin.deleteGroups([ground.topic])
  check(!(await isListed()), 'still listed')
  return 'NON_EMPTY_GROUP with a member, deleted without'
})

const adminOffsets = ground => administered(ground, async admin => {
  await admin.setOffsets({ groupId: ground.topic, topic: ground.topic, partitions: [{ partition: 0, offset: '7' }] })
  const [told] = await admin.fetchOffsets({ groupId: ground.topic, topics: [ground.topic] })
  same(told.partitions.find(one => one.partition === 0).offset, '7')
  return "set and read; deleting one topic's offsets is not in this client"
})

async function adminDeleteRecords (ground) {
  await send(ground, numbers(0, 10).map(n => ({ value: String(n), partition: 0 })))
  return administered(ground, async admin => {
    await admin.deleteTopicRecords({ topic: ground.topic, partitions: [{ partition: 0, offset: '4' }] })
    const told = await admin.fetchTopicOffsets(ground.topic)
    same(told.find(one => one.partition === 0).low, '4')
    return 'begins at 4'
  })
}

const adminPartitions = ground => administered(ground, async admin => {
  await admin.createPartitions({ topicPartitions: [{ topic: ground.topic, count: 5 }] })
  await until('five', async () => {
    const { topics: [told] } = await admin.fetchTopicMetadata({ topics: [ground.topic] })
    return told.partitions.length === 5
  })
  return '5 partitions'
})

const absent = why => async () => { throw new NotThere(why) }

await main({
  produce_none: compressed(CompressionTypes.None),
  produce_gzip: compressed(CompressionTypes.GZIP),
  produce_snappy: compressed(CompressionTypes.Snappy),
  produce_lz4: compressed(CompressionTypes.LZ4),
  produce_zstd: compressed(CompressionTypes.ZSTD),
  keyed,
  unkeyed,
  headers,
  idempotent,
  transactional,
  read_committed: readCommitted,
  group_rebalance: groupRebalance,
  group_broker_crash: throughACrash(() => ({ please: 'crash_leader', partition: 0 })),
  group_coordinator_crash: throughACrash(ground => ({ please: 'crash_coordinator', group: ground.topic })),
  static_member: absent('its consumer has no group.instance.id'),
  cooperative: absent('its assigners are eager'),
  kip848: absent('it is older than the new protocol'),
  seek,
  time_lookup: timeLookup,
  admin_topics: adminTopics,
  admin_configs: adminConfigs,
  admin_groups: adminGroups,
  admin_offsets: adminOffsets,
  admin_delete_records: adminDeleteRecords,
  admin_partitions: adminPartitions
})
