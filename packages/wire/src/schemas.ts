/** The GlusterFS 4.x wire format: XDR, RPC headers, dictionaries, every fop, handshake and callbacks; bytes to values and back. */
export {};
