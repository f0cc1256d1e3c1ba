/** Calls and replies over a connection: windows, deadlines, ping, callbacks, reconnect. */
export {};
