/** Moves files between two running bricks under leases; also the demo of the whole. */
export {};
