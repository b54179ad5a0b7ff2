// @platformatic/kafka shows what it can do, with its defaults unless the capability is a setting.
import * as kafka from '@platformatic/kafka'
import { check, main, numbers, please, same, sleep, sorted, until } from './speaking_up.mjs'

const { Admin, Consumer, Producer, stringDeserializers, stringSerializers } = kafka
const LONG_AGO = 1_700_000_000_000n

const base = ground => ({ clientId: 'platformatic', bootstrapBrokers: ground.brokers, retries: 60, retryDelay: 500 })

async function withProducer (ground, settings, work) {
  const producer = new Producer({ ...base(ground), serializers: stringSerializers, autocreateTopics: false, ...settings })
  try {
    return await work(producer)
  } finally {
    await producer.close()
  }
}

const send = (ground, messages, settings = {}) => withProducer(ground, settings, producer =>
  producer.send({ acks: -1, messages: messages.map(one => ({ topic: ground.topic, ...one })) }))

const keyedMessages = (from, to) => numbers(from, to).map(n => ({ key: `key-${n % 7}`, value: String(n) }))

/** A member of a group: what it has seen, and which partitions it was given at each join. */
class Member {
  seen = []
  history = []
  joined = 0

  static async of (ground, settings = {}, reading = {}) {
    const member = new Member()
    const consumer = new Consumer({
      ...base(ground), groupId: ground.topic, deserializers: stringDeserializers, autocommit: 100,
      ...(settings.groupProtocol === 'consumer' ? {} : { heartbeatInterval: 500, sessionTimeout: 10_000 }),
      ...settings
    })
    consumer.on('consumer:group:join', ({ assignments }) => {
      member.joined += 1
      member.history.push(sorted((assignments ?? []).flatMap(one => one.partitions)))
    })
    member.consumer = consumer
    member.stream = await consumer.consume({
      topics: [ground.topic], mode: 'committed', fallbackMode: 'earliest', ...reading
    })
    member.stream.on('data', message => member.seen.push(message))
    member.stream.on('error', error => { member.error = error })
    return member
  }

  owns () {
    const all = this.consumer.assignments ?? []
    return sorted(all.flatMap(one => one.partitions))
  }

  async leave () {
    await this.stream.close()
    await this.consumer.close(true)
  }
}

async function everything (ground, count, settings = {}) {
  const member = await Member.of(
    ground, { groupId: `${ground.topic}-${Date.now()}-${Math.random()}`, ...settings }, { mode: 'earliest' }
  )
  try {
    await until(`${count} records`, () => {
      if (member.error) throw member.error
      return member.seen.length >= count
    })
  } finally {
    await member.leave()
  }
  return member.seen
}

const values = messages => messages.map(one => Number(one.value))

const compressed = compression => async ground => {
  const sent = numbers(0, 200).map(n => ({ key: `key-${n % 7}`, value: `value ${n} `.repeat(20) }))
  await send(ground, sent, { compression })
  same((await everything(ground, 200)).map(one => one.value).sort(), sent.map(one => one.value).sort())
  return '200 records came back'
}

async function keyed (ground) {
  await send(ground, keyedMessages(0, 300))
  const got = await everything(ground, 300)
  for (const key of numbers(0, 7)) {
    const mine = got.filter(one => one.key === `key-${key}`)
    same(values(mine), numbers(0, 300).filter(n => n % 7 === key))
    same(new Set(mine.map(one => one.partition)).size, 1)
  }
  return `7 keys in ${new Set(got.map(one => one.partition)).size} partitions`
}

async function unkeyed (ground) {
  await send(ground, numbers(0, 100).map(n => ({ value: String(n) })))
  const got = await everything(ground, 100, { deserializers: { value: stringDeserializers.value } })
  check(got.every(one => one.key === null || one.key === undefined || one.key.length === 0), 'a key where none was sent')
  same(sorted(values(got)), numbers(0, 100))
  return '100 records without a key'
}

async function headers (ground) {
  await send(ground, [{ value: 'x', headers: { a: '1', b: '' } }])
  const [got] = await everything(ground, 1)
  same([...got.headers], [['a', '1'], ['b', '']])
  return 'two headers in order; it takes a name once'
}

async function idempotent (ground) {
  await withProducer(ground, { idempotent: true }, async producer => {
    for (let from = 0; from < 2000; from += 100) {
      const messages = numbers(from, from + 100).map(n => ({ topic: ground.topic, value: String(n), partition: 0 }))
      const sending = producer.send({ messages })
      if (from === 1000) await please({ please: 'crash_leader', partition: 0 })
      await sending
    }
  })
  same(values(await everything(ground, 2000)), numbers(0, 2000))
  return '2,000 records, each once and in order'
}

async function wrote (producer, topic, some, end) {
  const transaction = await producer.beginTransaction()
  await transaction.send({ messages: some.map(n => ({ topic, value: String(n), partition: 0 })) })
  if (end) await transaction[end]()
  return transaction
}

async function transactional (ground) {
  const settings = { idempotent: true, transactionalId: `${ground.topic}-id`, retries: 5 }
  let fencedBy
  await withProducer(ground, settings, async first => {
    await wrote(first, ground.topic, numbers(0, 10), 'commit')
    await wrote(first, ground.topic, numbers(10, 20), 'abort')
    await withProducer(ground, settings, async second => {
      await wrote(second, ground.topic, [20], 'commit')
      await wrote(first, ground.topic, [-1], 'commit').catch(error => { fencedBy = error.code ?? error.name })
    })
  })
  check(fencedBy, 'the first producer was not fenced')
  same(sorted(values(await everything(ground, 11, { isolationLevel: 1 }))), [...numbers(0, 10), 20])
  return `11 committed records seen, the zombie met ${fencedBy}`
}

async function readCommitted (ground) {
  await withProducer(ground, { idempotent: true, transactionalId: `${ground.topic}-id` }, async producer => {
    const transaction = await wrote(producer, ground.topic, numbers(0, 10))
    same((await everything(ground, 10, { isolationLevel: 0 })).length, 10)
    const careful = await Member.of(ground, { isolationLevel: 1 })
    await sleep(2000)
    same(careful.seen.length, 0)
    await transaction.commit()
    await until('10 records', () => careful.seen.length === 10)
    await careful.leave()
  })
  return 'nothing before the commit, 10 records after it'
}

const shared = (one, other) => one.owns().length > 0 && other.owns().length > 0 &&
  JSON.stringify(sorted([...one.owns(), ...other.owns()])) === '[0,1,2]'

const haveSeen = (count, ...members) => new Set(members.flatMap(one => values(one.seen))).size === count

const rebalanced = settings => async ground => {
  await send(ground, keyedMessages(0, 100))
  const first = await Member.of(ground, settings)
  await until('the first has all', () => first.owns().length === 3)
  const second = await Member.of(ground, settings)
  await until('both have some', () => shared(first, second))
  await send(ground, keyedMessages(100, 200))
  await until('200 records', () => haveSeen(200, first, second))
  await sleep(500)
  await first.leave()
  await until('the second has all', () => second.owns().length === 3)
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
  await send(ground, keyedMessages(100, 200), { idempotent: true })
  await until('200 records', () => {
    if (member.error) throw member.error
    return haveSeen(200, member)
  })
  await sleep(1000)
  await member.leave()
  return administered(ground, async admin => {
    const [told] = await admin.listConsumerGroupOffsets({ groups: [ground.topic] })
    const offsets = told.topics.flatMap(one => one.partitions.map(at => Number(at.committedOffset)))
    same(offsets.reduce((sum, one) => sum + Math.max(one, 0), 0), 200)
    return '200 records, 200 committed'
  })
}

async function staticMember (ground) {
  const of = number => Member.of(ground, { groupInstanceId: `instance-${number}`, sessionTimeout: 30_000 })
  const [stays, leaves] = [await of(1), await of(2)]
  await until('both have some', () => shared(stays, leaves))
  const had = leaves.owns()
  const joined = stays.joined
  // Closing it would leave the group, static or not. So the old one is still there, as after a crash.
  const back = await of(2)
  await until('it has them again', () => JSON.stringify(back.owns()) === JSON.stringify(had))
  same(stays.joined, joined)
  await stays.leave()
  await back.leave()
  return `partitions [${had}] again, no rebalance`
}

async function cooperative (ground) {
  const settings = {
    protocols: [{ name: kafka.COOPERATIVE_STICKY_ASSIGNOR, version: 1 }],
    partitionAssigner: kafka.cooperativeStickyAssigner
  }
  const first = await Member.of(ground, settings)
  await until('the first has all', () => first.owns().length === 3)
  first.history.length = 0
  const second = await Member.of(ground, settings)
  await until('both have some', () => shared(first, second))
  check(first.history.every(owned => owned.length >= 2), `the first had ${JSON.stringify(first.history)}`)
  same([first.owns().length, second.owns().length], [2, 1])
  await second.leave()
  await first.leave()
  return 'one of three partitions given up'
}

async function seek (ground) {
  await send(ground, numbers(0, 20).map(n => ({ value: String(n), partition: 1 })))
  const from = offset => ({
    mode: 'manual', offsets: [0, 1, 2].map(partition => ({ topic: ground.topic, partition, offset: partition === 1 ? offset : 0n }))
  })
  for (const [offset, wanted] of [[15n, numbers(15, 20)], [0n, numbers(0, 20)]]) {
    const member = await Member.of(ground, { groupId: `${ground.topic}-${offset}` }, from(offset))
    await until(`${wanted.length} records`, () => member.seen.length >= wanted.length)
    same(values(member.seen), wanted)
    await member.leave()
  }
  return 'from 15, then from 0'
}

async function administered (ground, work) {
  const admin = new Admin(base(ground))
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

async function timeLookup (ground) {
  await send(ground, numbers(0, 10).map(n => ({ value: String(n), partition: 0, timestamp: LONG_AGO + BigInt(n) * 1000n })))
  return administered(ground, async admin => {
    const found = []
    for (const ms of [0n, 3500n, 9000n, 9001n]) {
      const topics = [{ name: ground.topic, partitions: [{ partitionIndex: 0, timestamp: LONG_AGO + ms }] }]
      const [told] = await admin.listOffsets({ topics })
      found.push(Number(told.partitions[0].offset))
    }
    same(found, [0, 4, 9, -1])
    return 'offsets 0, 4, 9 and none'
  })
}

const adminTopics = ground => administered(ground, async admin => {
  const topic = `${ground.topic}-made`
  const wish = { topics: [topic], partitions: 2, replicas: 3, configs: [{ name: 'retention.ms', value: '60000' }] }
  await admin.createTopics(wish)
  const twice = await admin.createTopics(wish).catch(error => error)
  check(JSON.stringify(errorsOf(twice)).includes('TOPIC_ALREADY_EXISTS'), `made twice: ${twice}`)
  await until('listed', async () => (await admin.listTopics()).includes(topic))
  const told = await admin.metadata({ topics: [topic], forceUpdate: true })
  same(told.topics.get(topic).partitions.map(one => one.replicas.length), [3, 3])
  same([...told.brokers.keys()].sort(), [1, 2, 3])
  await admin.deleteTopics({ topics: [topic] })
  await until('gone', async () => !(await admin.listTopics()).includes(topic))
  return 'made, described, deleted'
})

const errorsOf = error => [error?.apiId, error?.message, ...(error?.errors ?? []).map(errorsOf), error?.cause && errorsOf(error.cause)]

const adminConfigs = ground => administered(ground, async admin => {
  const resource = { resourceType: 2, resourceName: ground.topic }
  const configs = [{ name: 'retention.ms', configOperation: 0, value: '60000' }]
  await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs }] })
  await until('told', async () => {
    const [told] = await admin.describeConfigs({ resources: [resource] })
    return told.configs.find(one => one.name === 'retention.ms').value === '60000'
  })
  return 'retention.ms is 60000'
})

const adminGroups = ground => administered(ground, async admin => {
  const member = await Member.of(ground)
  await until('it has all', () => member.owns().length === 3)
  check((await admin.listGroups()).has(ground.topic), 'not listed')
  const described = (await admin.describeGroups({ groups: [ground.topic] })).get(ground.topic)
  same([described.state.toUpperCase(), described.members.size], ['STABLE', 1])
  const busy = await admin.deleteGroups({ groups: [ground.topic] }).catch(error => error)
  check(JSON.stringify(errorsOf(busy)).includes('NON_EMPTY_GROUP'), `deleted with a member: ${busy}`)
  await member.leave()
  await admin.deleteGroups({ groups: [ground.topic] })
  check(!(await admin.listGroups()).has(ground.topic), 'still listed')
  return 'NON_EMPTY_GROUP with a member, deleted without'
})

const adminOffsets = ground => administered(ground, async admin => {
  const told = async () => {
    const [group] = await admin.listConsumerGroupOffsets({ groups: [ground.topic] })
    return group.topics.flatMap(one => one.partitions.map(at => [at.partitionIndex, Number(at.committedOffset)]))
  }
  const topics = [{ name: ground.topic, partitionOffsets: [{ partition: 0, offset: 7n }] }]
  await admin.alterConsumerGroupOffsets({ groupId: ground.topic, topics })
  same(await told(), [[0, 7]])
  await admin.deleteConsumerGroupOffsets({ groupId: ground.topic, topics: [{ name: ground.topic, partitionIndexes: [0] }] })
  same(await told(), [])
  return 'set, read and deleted'
})

async function adminDeleteRecords (ground) {
  await send(ground, numbers(0, 10).map(n => ({ value: String(n), partition: 0 })))
  return administered(ground, async admin => {
    const [deleted] = await admin.deleteRecords({ topics: [{ name: ground.topic, partitions: [{ partition: 0, offset: 4n }] }] })
    same(Number(deleted.partitions[0].lowWatermark), 4)
    const [told] = await admin.listOffsets({ topics: [{ name: ground.topic, partitions: [{ partitionIndex: 0, timestamp: -2n }] }] })
    same(Number(told.partitions[0].offset), 4)
    return 'begins at 4'
  })
}

const adminPartitions = ground => administered(ground, async admin => {
  await admin.createPartitions({ topics: [{ name: ground.topic, count: 5, assignments: null }] })
  await until('five', async () => {
    const told = await admin.metadata({ topics: [ground.topic], forceUpdate: true })
    return told.topics.get(ground.topic).partitionsCount === 5
  })
  return '5 partitions'
})

await main({
  ...Object.fromEntries(['none', 'gzip', 'snappy', 'lz4', 'zstd'].map(codec => [`produce_${codec}`, compressed(codec)])),
  keyed,
  unkeyed,
  headers,
  idempotent,
  transactional,
  read_committed: readCommitted,
  group_rebalance: rebalanced({}),
  group_broker_crash: throughACrash(() => ({ please: 'crash_leader', partition: 0 })),
  group_coordinator_crash: throughACrash(ground => ({ please: 'crash_coordinator', group: ground.topic })),
  static_member: staticMember,
  cooperative,
  kip848: rebalanced({ groupProtocol: 'consumer' }),
  seek,
  time_lookup: timeLookup,
  admin_topics: adminTopics,
  admin_configs: adminConfigs,
  admin_groups: adminGroups,
  admin_offsets: adminOffsets,
  admin_delete_records: adminDeleteRecords,
  admin_partitions: adminPartitions
})
