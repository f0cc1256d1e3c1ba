import type { Connection, RecordHandler } from "@brickshift/transport";
import {
  decodeFopReply,
  decodeFopRequest,
  decodeMessage,
  dictGfid,
  type Epoch,
  getXdata,
  type Gfid,
  type LeaseId,
  XDATA,
} from "@brickshift/wire";
import { type CallName, callName, xidOf } from "./call-name.js";
import type { LinkWatch } from "./link.js";

/** What happened to a call on its way. */
export interface CallEvent {
  readonly link: string;
  readonly call: CallName;
  /**
   * `sent`, `arrived` at the brick, `answered` by it, `received`; or lost with its connection: before it arrived, while it
   * ran or waited, after it was answered.
   */
  readonly what: "sent" | "arrived" | "answered" | "received" | "lost-before" | "lost-running" | "lost-after";
  /** Of the answer; 0 for success. */
  readonly errno: number;
  /** Why a lease or a fence is not good any more, when the answer says so. */
  readonly leaseState: string | undefined;
  /** The lease that the answer grants. */
  readonly granted: GrantedLease | undefined;
}

interface GrantedLease {
  readonly gfid: Gfid;
  readonly leaseId: LeaseId;
  readonly epoch: Epoch;
}

interface CallUnderWay {
  readonly call: CallName;
  /** The lease that it asks for. */
  readonly asked: AskedLease | undefined;
  state: "sent" | "arrived" | "answered";
}

interface AskedLease {
  readonly fop: "lease" | "put";
  readonly gfid: Gfid;
  readonly leaseId: LeaseId;
}

const LOST = { sent: "lost-before", arrived: "lost-running", answered: "lost-after" } as const;
const FOP_REPLY_HEAD_BYTES = 32;

/** Reads what passes on the connections of one link, and changes nothing. */
export class RecordWatch implements LinkWatch {
  readonly #link: string;
  readonly #tell: (event: CallEvent) => void;
  /** The calls under way on the connection that was made last, by xid. */
  #calls = new Map<number, CallUnderWay>();

  constructor(link: string, tell: (event: CallEvent) => void) {
    this.#link = link;
    this.#tell = tell;
  }

  accepted(connection: Connection): Connection {
    const calls = new Map<number, CallUnderWay>();
    this.#calls = calls;
    return watched(
      connection,
      (record) => {
        const entry = calls.get(xidOf(record));
        if (entry === undefined) return;
        entry.state = "arrived";
        this.#say(entry.call, "arrived");
      },
      (chunks) => {
        const head = headOf(chunks);
        const entry = head === undefined ? undefined : calls.get(head.getUint32(0));
        if (head === undefined || entry === undefined || head.getUint32(4) !== 1) return;
        entry.state = "answered";
        const isFailed = head.byteLength >= FOP_REPLY_HEAD_BYTES && head.getInt32(24) < 0;
        const granted = isFailed || entry.asked === undefined ? undefined : grantIn(chunks, entry.asked);
        const errno = isFailed ? head.getInt32(28) : 0;
        this.#say(entry.call, "answered", errno, isFailed ? chunks : undefined, granted);
      },
    );
  }

  connected(connection: Connection): Connection {
    const calls = this.#calls;
    void connection.closed.then(() => {
      for (const { call, state } of calls.values()) this.#say(call, LOST[state]);
      calls.clear();
    });
    return watched(
      connection,
      (record) => {
        const xid = xidOf(record);
        const entry = calls.get(xid);
        if (entry?.state !== "answered") return;
        calls.delete(xid);
        this.#say(entry.call, "received");
      },
      (chunks) => {
        const message = decodeMessage(
          chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks),
        );
        if (message.kind !== "call") return;
        const { xid, program, procedure } = message.header;
        const call = callName(program, procedure, message.body);
        calls.set(xid, { call, asked: askedBy(call, message.body), state: "sent" });
        this.#say(call, "sent");
      },
    );
  }

  #say(
    call: CallName,
    what: CallEvent["what"],
    errno = 0,
    reply?: readonly Uint8Array[],
    granted?: GrantedLease,
  ): void {
    const leaseState = reply === undefined ? undefined : leaseStateOf(reply);
    this.#tell({ link: this.#link, call, what, errno, leaseState, granted });
  }
}

function askedBy(call: CallName, body: Uint8Array): AskedLease | undefined {
  if (call === "lease-set") {
    const { gfid, lease } = decodeFopRequest("lease", body);
    return { fop: "lease", gfid, leaseId: lease.leaseId };
  }
  if (call !== "put") return undefined;
  const { xdata } = decodeFopRequest("put", body);
  const [gfid, leaseId] = [dictGfid(xdata, "gfid-req"), getXdata(xdata, "leaseId")];
  return gfid === undefined || leaseId === undefined ? undefined : { fop: "put", gfid, leaseId };
}

function grantIn(reply: readonly Uint8Array[], { fop, gfid, leaseId }: AskedLease): GrantedLease | undefined {
  const message = decodeMessage(Buffer.concat(reply));
  if (message.kind !== "reply") return undefined;
  const epoch = getXdata(decodeFopReply(fop, message.body).xdata, "leaseEpoch");
  return epoch === undefined ? undefined : { gfid, leaseId, epoch };
}

/** Failed replies end with their xdata, in which the state is a text after its key: enough to tell the few there are apart. */
function leaseStateOf(reply: readonly Uint8Array[]): string | undefined {
  const text = Buffer.concat(reply).toString("latin1");
  if (!text.includes(XDATA.leaseState)) return undefined;
  return ["fenced", "recall-timeout", "disconnect", "admin", "not-held"].find((state) =>
    text.includes(state),
  );
}

function watched(
  connection: Connection,
  onRecord: (record: Uint8Array) => void,
  onSend: (chunks: readonly Uint8Array[]) => void,
): Connection {
  return {
    peer: connection.peer,
    closed: connection.closed,
    send(chunks) {
      onSend(chunks);
      return connection.send(chunks);
    },
    receive(handler: RecordHandler, onEnd?: () => void) {
      connection.receive((record) => {
        onRecord(record);
        return handler(record);
      }, onEnd);
    },
    close: () => connection.close(),
    abort: (reason) => connection.abort(reason),
  };
}

/** The first bytes of a record in chunks, as many as a fop's reply needs to tell how it fared. */
function headOf(chunks: readonly Uint8Array[]): DataView | undefined {
  const [first] = chunks;
  if (first === undefined || first.length < 8) return undefined;
  if (first.length >= FOP_REPLY_HEAD_BYTES || chunks.length === 1) {
    return new DataView(first.buffer, first.byteOffset, first.length);
  }
  const head = Buffer.concat(chunks).subarray(0, FOP_REPLY_HEAD_BYTES);
  return new DataView(head.buffer, head.byteOffset, head.length);
}
