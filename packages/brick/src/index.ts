/** A storage brick: sessions, inodes, fds, the lease gate, fop handlers, stores on disk and in memory. */
export {};
