/** An in-process transport: two ends of one connection, with back-pressure and limits. */
export {};
