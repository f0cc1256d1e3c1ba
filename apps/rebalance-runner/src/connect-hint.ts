const hints: Readonly<Record<string, string>> = {
  TRANSPORT_REFUSED: "see that the brick runs and listens there",
  TRANSPORT_UNREACHABLE: "see that the host is right and can be reached",
  TRANSPORT_TLS: "see that both sides speak TLS and trust each other's certificates",
  TRANSPORT_PERMISSION: "see that this user may connect there",
  // Whether it was let in is not known here: hosts that drop packets are as silent as programs that are stopped.
  RPC_TIMEOUT:
    "nothing answered: see that a brick listens there, that it is not stopped, and that the network lets it answer",
  CLIENT_BRICK_UNKNOWN: "write the name under which the brick is served",
  CLIENT_BRICK_NOT_READY: "wait until the brick has started",
  CLIENT_AUTH_REFUSED: "name --username and --password, or let this host in at the brick",
};

/** What to look at when a brick cannot be connected to, by the code of what failed. */
export function connectHint(code: string): string {
  // Whoever lets us in and then says nothing that a brick would say is something else.
  return hints[code] ?? "see that it is a brick that listens there, and no other program";
}
