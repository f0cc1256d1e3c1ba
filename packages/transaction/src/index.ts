/** Copies a byte range under a recallable lease: one lease, one start offset, a run of reads and writes. */
export {};
