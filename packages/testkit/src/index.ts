/**
 * What tests share: a manual clock, repeatable chance, a disk that can be filled, the snippet of a README, and the compliance suite
 * that makes a transport one.
 *
 * @packageDocumentation
 */
export { ManualScheduler } from "./manual-scheduler.js";
export { runReadmeSnippet, type SnippetRun } from "./readme-snippet.js";
export { type SeededRandom, seededRandom } from "./seeded-random.js";
export { SmallDisk } from "./small-disk.js";
export { transportCompliance } from "./transport-compliance.js";
export type {
  RawPeer,
  TransportComplianceOptions,
  TransportSupports,
  TransportUnderTest,
} from "./transport/under-test.js";
