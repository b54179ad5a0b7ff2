// A JavaScript client's side of the protocol of ../capabilities.py. The same file is in both clients' folders,
// as each is installed in a place of its own.
import { createInterface } from 'node:readline'

export const WAIT_MS = 60_000

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const say = what => console.log(JSON.stringify(what))

export class NotThere extends Error {}

export async function please (what) {
  say(what)
  await lines.next()
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

export function check (is, otherwise) {
  if (!is) throw new Error(otherwise)
}

export function same (got, wanted) {
  const [one, other] = [got, wanted].map(value => JSON.stringify(value))
  check(one === other, `${one.slice(0, 300)}, not ${other.slice(0, 300)}`)
}

export async function until (what, is) {
  const deadline = Date.now() + WAIT_MS
  while (!(await is())) {
    check(Date.now() < deadline, `not so within ${WAIT_MS} ms: ${what}`)
    await sleep(50)
  }
}

export const numbers = (from, to) => Array.from({ length: to - from }, (_, n) => from + n)

export const sorted = some => [...some].sort((one, other) => one - other)

/** The message of an error and of those in it, with the names of Kafka's errors where they have some. */
const told = error => [
  `${error.name}: ${error.message}`, error.apiId ?? error.type, ...[...(error.errors ?? []), error.cause].filter(Boolean).map(told)
].filter(Boolean).join(' / ').slice(0, 400)

export async function main (abilities) {
  const [capability, bootstrap, topic] = process.argv.slice(2)
  const ability = abilities[capability]
  let ok = null
  let why = "not in this client's program"
  if (ability) {
    try {
      why = await ability({ brokers: bootstrap.split(','), topic })
      ok = true
    } catch (error) {
      why = error instanceof NotThere ? error.message : told(error)
      ok = error instanceof NotThere ? null : false
      if (ok === false) console.error(error)
    }
  }
  say({ ok, why })
  process.exit(0)
}
