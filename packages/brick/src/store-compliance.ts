/**
 * The suite that makes a store one: call {@link storeCompliance} in a vitest file of your own.
 *
 * @packageDocumentation
 */
export { storeCompliance } from "./store/compliance/store-suite.js";
export type { StoreUnderTest } from "./store/compliance/store-under-test.js";
