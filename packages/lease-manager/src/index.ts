/** The leases of one brick as a state machine: grant, conflict, recall, revoke, epochs, dirty extents. */
export {};
