/**
 * Runs `run` later, never before it returns. Each step of a connection (its arrival, that of each record, of
 * its end) is one call, so who gives this decides the order of everything between connections; steps of one
 * connection may run in any order and still arrive in the order sent.
 */
export type Defer = (run: () => void) => void;
