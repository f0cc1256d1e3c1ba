// A process between clients and a brick, which is the peer that the brick sees. Its argument is the port of the brick; it prints
// its own first. A line on standard input is what it is to do from then on: "half" passes on one half of what clients send next
// and nothing after, "reset" resets every connection to the brick. It prints what it has done.
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const brickPort = Number(process.argv[2]);
const upstreams = new Set();
let isHalving = false;
const tell = (line) => process.stdout.write(`${line}\n`);

const server = createServer((client) => {
  const upstream = connect({ port: brickPort, host: "127.0.0.1" });
  upstreams.add(upstream);
  client.on("data", (chunk) => {
    if (!isHalving) return upstream.write(chunk);
    client.pause();
    return upstream.write(chunk.subarray(0, chunk.length >> 1), () => tell("half"));
  });
  upstream.on("data", (chunk) => client.write(chunk));
  for (const socket of [client, upstream]) socket.on("error", () => {});
  client.on("close", () => upstream.destroy());
  upstream.on("close", () => {
    upstreams.delete(upstream);
    client.destroy();
    tell("closed");
  });
});
server.listen(0, "127.0.0.1", () => tell(server.address().port));

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "half") isHalving = true;
  if (line === "reset") for (const upstream of upstreams) upstream.resetAndDestroy();
  tell(line === "half" ? "halving" : line);
});
