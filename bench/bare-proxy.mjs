/**
 * The least that a copy through three Node processes over loopback TCP costs: a reader, a proxy, a writer; no protocol, no
 * leases, no attributes, no sync. What `run.mjs` compares the runner with, besides what users have.
 *
 *   node bench/bare-proxy.mjs FROM TO
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { open, read, statSync, write } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BLOCK_BYTES = 1_048_576;
const IN_FLIGHT = 8;
const HEADER_BYTES = 12;

/** Receives (offset, length, payload) straight into buffers of the payload's size. */
function steer(onBlock) {
  const header = Buffer.alloc(HEADER_BYTES);
  let block;
  let filled = 0;
  return {
    buffer: () => (block === undefined ? header : block.payload).subarray(filled),
    callback: (count) => {
      filled += count;
      if (filled < (block === undefined ? HEADER_BYTES : block.payload.length)) return true;
      filled = 0;
      if (block === undefined) {
        const payload = buffers.take(header.readUInt32BE(8));
        block = { offset: Number(header.readBigUInt64BE(0)), payload };
      } else {
        const whole = block;
        block = undefined;
        onBlock(whole);
      }
      return true;
    },
  };
}

const buffers = {
  idle: [],
  take(bytes) {
    return (this.idle.pop() ?? Buffer.allocUnsafe(BLOCK_BYTES)).subarray(0, bytes);
  },
  give(buffer) {
    this.idle.push(Buffer.from(buffer.buffer, buffer.byteOffset, BLOCK_BYTES));
  },
};

function send(socket, offset, payload) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeBigUInt64BE(BigInt(offset), 0);
  header.writeUInt32BE(payload.length, 8);
  socket.cork();
  socket.write(header);
  socket.write(payload);
  socket.uncork();
}

/** Answers each 8-byte offset with the block there. */
async function serveReads(path) {
  const fd = await promisify(open)(path, "r");
  return createServer({ noDelay: true }, (socket) => {
    socket.on("data", (asked) => {
      for (let at = 0; at + 8 <= asked.length; at += 8) {
        const offset = Number(asked.readBigUInt64BE(at));
        const buffer = buffers.take(BLOCK_BYTES);
        read(fd, buffer, 0, BLOCK_BYTES, offset, (_error, count) => {
          send(socket, offset, buffer.subarray(0, count));
        });
      }
    });
  });
}

/** Writes each block and answers one byte. */
async function serveWrites(path) {
  const fd = await promisify(open)(path, "w");
  return createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    const handle = accepted._handle;
    accepted._handle = null;
    handle.reading = false;
    let turn = Promise.resolve();
    const onread = steer(({ offset, payload }) => {
      turn = turn.then(async () => {
        await promisify(write)(fd, payload, 0, payload.length, offset);
        buffers.give(payload);
        socket.write(Buffer.alloc(1));
      });
    });
    const socket = new Socket({ handle, onread });
    socket.resume();
  });
}

async function copy(from, to) {
  const ends = ["read", "write"].map((role) =>
    fork(fileURLToPath(import.meta.url), [role, role === "read" ? from : to]),
  );
  const [readPort, writePort] = await Promise.all(ends.map(async (end) => (await once(end, "message"))[0]));
  const sizeBytes = statSync(from).size;
  const startedAtMs = performance.now();
  let asked = 0;
  let done = 0;
  const sent = [];
  const sink = connect({ port: writePort, host: "127.0.0.1", noDelay: true });
  const source = connect({
    port: readPort,
    host: "127.0.0.1",
    noDelay: true,
    onread: steer(({ offset, payload }) => {
      sent.push(payload);
      send(sink, offset, payload);
    }),
  });
  const ask = () => {
    if (asked >= sizeBytes) return;
    const offset = Buffer.alloc(8);
    offset.writeBigUInt64BE(BigInt(asked));
    asked += BLOCK_BYTES;
    source.write(offset);
  };
  for (let index = 0; index < IN_FLIGHT; index += 1) ask();
  await new Promise((resolve) => {
    sink.on("data", (answers) => {
      for (let index = 0; index < answers.length; index += 1) {
        const payload = sent.shift();
        done += payload.length;
        buffers.give(payload);
        ask();
      }
      if (done >= sizeBytes) resolve();
    });
  });
  console.log((performance.now() - startedAtMs) / 1_000);
  for (const end of ends) end.kill();
  source.destroy();
  sink.destroy();
}

const [first, second] = process.argv.slice(2);
if (first === "read" || first === "write") {
  const server = await (first === "read" ? serveReads : serveWrites)(second);
  server.listen(0, "127.0.0.1", () => process.send(server.address().port));
} else {
  await copy(first, second);
}
