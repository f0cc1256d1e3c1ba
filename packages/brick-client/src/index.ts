/** A client of one brick: handshake, fops as async calls, recalls as events, reconnect. */
export {};
