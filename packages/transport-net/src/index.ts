/** TCP, Unix socket and TLS transports. */
export {};
