import { setFlagsFromString } from "node:v8";

/**
 * Functions are optimized after three times as much work as usual. The optimizing compiler shares the processor with what it is for, and
 * for the first thousand calls takes more than it gives: 1 GiB moved with a sixth less of the processor, small files as fast as
 * before; at fifteen times these lost a quarter (measured, Node 20, which has 67,584). It must run before the code it is about: imported first.
 */
setFlagsFromString("--interrupt-budget=200000");
