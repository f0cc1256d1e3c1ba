/** A GlusterFS brick in one command: no root, no glusterd, crash-safe. */
export {};
