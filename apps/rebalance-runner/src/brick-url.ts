import { CommandError, ExitCode } from "./exit-code.js";

/** Where a brick is: the address in a transport's notation, and the name that it is served under. */
export interface BrickUrl {
  /** `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:///PATH`. */
  readonly address: string;
  /** Name of the brick, the `remote-subvolume` of the handshake. */
  readonly brick: string;
  /** The text that it was parsed from. */
  readonly text: string;
}

/** Where glusterd listens, which knows the ports of its bricks. */
const MANAGEMENT_PORT = 24_007;
const forms =
  "gluster://HOST[:PORT]/BRICK, gluster+tls://HOST[:PORT]/BRICK or gluster+unix:///SOCKET?brick=BRICK";

/**
 * Parses the address of a brick.
 * @throws CommandError `usage` when it is in none of the three forms.
 */
export function parseBrickUrl(text: string): BrickUrl {
  if (!URL.canParse(text)) throw malformed(text);
  const url = new URL(text);
  switch (url.protocol) {
    case "gluster:":
    case "gluster+tls:": {
      const brick = decodeURIComponent(url.pathname.replace(/^\//, ""));
      if (url.hostname === "" || brick === "") throw malformed(text);
      const scheme = url.protocol === "gluster:" ? "tcp" : "tls";
      const port = url.port === "" ? MANAGEMENT_PORT : url.port;
      return { address: `${scheme}://${url.hostname}:${port}`, brick, text };
    }
    case "gluster+unix:": {
      const brick = url.searchParams.get("brick");
      if (url.pathname === "" || brick === null || brick === "") throw malformed(text);
      return { address: `unix://${decodeURIComponent(url.pathname)}`, brick, text };
    }
    default:
      throw malformed(text);
  }
}

function malformed(text: string): CommandError {
  return new CommandError(ExitCode.usage, `"${text}" does not name a brick; write it as ${forms}`);
}
