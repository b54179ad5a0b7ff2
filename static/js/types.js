/**
 * What comes over the socket and what we keep of it, as types. The API page of the app explains them.
 *
 * @typedef {{kind: string, [field: string]: any}} Entity
 * @typedef {{kind: string, at_us: number, text?: string, times?: number, last_us?: number,
 *            parts?: {name: string, text?: string, topic: string, partition: number}[],
 *            [field: string]: any}} Fact
 * @typedef {{type: "snapshot"|"frame", version: number, at_us: number, rate: number,
 *            entities: Record<string, Entity>, gone?: string[], events: Fact[]}} Frame
 * @typedef {{version: number, at_us: number, rate: number, gap: boolean, entities: Record<string, Entity>,
 *            facts: Fact[], routine: Fact[], flights: Fact[], ways: Record<string, Way>}} Model
 * @typedef {{api: string, source: string, target: string, wide: boolean, per_s: number,
 *            steps: {at_us: number, records: number}[]}} Way
 * @typedef {{type: "answer", id: number, ok: boolean, shell?: string, detail?: any, error?: string,
 *            fields?: Record<string, string>}} Answer
 * @typedef {{lens: "flow"|"log", selected: string|null, topic: string|null, open: string[], pane: string, section: string,
 *            paused: boolean, chatty: boolean, keys: boolean, tables: boolean, present: boolean, record: {topic: string, partition: number, offset: number}|null}} Ui
 * @typedef {{tag: string, props: Record<string, any>, children: (Drawn|string)[]}} Drawn
 */

export {};
