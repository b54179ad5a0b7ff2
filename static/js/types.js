/**
 * What comes over the socket and what we keep of it, as types. The API page of the app explains them.
 *
 * @typedef {{kind: string, [field: string]: any}} Entity
 * @typedef {{kind: string, at_us: number, text?: string, times?: number, last_us?: number,
 *            parts?: {name: string, text?: string, topic: string, partition: number}[],
 *            [field: string]: any}} Fact
 * @typedef {{type: "snapshot"|"frame", version: number, at_us: number, rate: number,
 *            entities: Record<string, Entity>, changes?: Record<string, Partial<Entity>>, gone?: string[], events: Fact[]}} Frame
 * @typedef {{version: number, at_us: number, rate: number, gap: boolean, entities: Record<string, Entity>,
 *            facts: Fact[], routine: Fact[], flights: Fact[], packets: Fact[], ways: Record<string, Way>}} Model
 * @typedef {{api: string, source: string, target: string, wide: boolean, per_s: number,
 *            steps: {at_us: number, records: number}[]}} Way
 * @typedef {{type: "answer", id: number, ok: boolean, shell?: string, detail?: any, error?: string,
 *            fields?: Record<string, string>}} Answer
 * @typedef {{lens: "flow"|"log"|"matrix"|"spacetime", selected: string|null, why: {moment: string, text: string}|null,
 *            move: Move|null, space: Space, topic: string|null, open: string[], pane: string, section: string,
 *            paused: boolean, chatty: boolean, keys: boolean, tables: boolean, present: boolean, pins: boolean, record: {topic: string, partition: number, offset: number}|null}} Ui
 * @typedef {{topic: string, partition: number, from: number, to: number, at: [number, number]|null,
 *            replicas: number[]|null}} Move a replica that is carried to another broker, and where it shall lie once it was put down
 * @typedef {{hidden: string[], apis: string[], collapsed: boolean, lit: string|null}} Space what is left out of the space-time lens,
 *            and what is pointed at in it
 * @typedef {{tag: string, props: Record<string, any>, children: (Drawn|string)[]}} Drawn
 */

export {};
