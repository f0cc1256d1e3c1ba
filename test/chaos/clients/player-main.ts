import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createBrickClient } from "@brickshift/brick-client";
import { nodeRandom, nodeScheduler } from "@brickshift/rpc";
import { seededRandom } from "@brickshift/testkit";
import { createTcpTransport } from "@brickshift/transport-net";
import type { z } from "zod";
import { type ClientClock, FileClient } from "../../simulation/clients/file-client.js";
import { playClient } from "../../simulation/clients/play-client.js";
import { Marks } from "../../simulation/marks.js";
import { patientOptions } from "./patient-options.js";
import { playerMessage } from "./play-order.js";
import { RecordedHistory } from "./recorded-history.js";

type Play = Extract<z.output<typeof playerMessage>, { do: "play" }>;

const clock: ClientClock = { nowMs: () => performance.now(), pause: async (ms) => sleep(ms) };
const transport = createTcpTransport();
let isEnding = false;
let playing: Promise<void> | undefined;
let tornReads = 0;

/** Plays every client of `order` until they are told to end. */
async function play(order: Play): Promise<void> {
  const { seed, base, history, files, ports, clients } = order;
  const fd = openSync(history, "a");
  const marks = new Marks();
  let value = order.firstValue;
  const ended = clients.map((plan, index) => {
    const random = seededRandom(seed + index);
    const recorded = new RecordedHistory(fd, BigInt(base));
    const connect = (number: 0 | 1) =>
      createBrickClient({
        transport,
        address: `tcp://127.0.0.1:${ports[number]}`,
        brick: `b${number}`,
        scheduler: nodeScheduler,
        random: nodeRandom,
        options: { ...patientOptions, hostName: plan.name },
      });
    const client = new FileClient({
      plan,
      process: clock,
      random,
      history: recorded,
      marks,
      thefts: undefined,
      files,
      bricks: [connect(0), connect(1)],
      isEnding: () => isEnding,
      newValue: () => (value += 1),
      onAnswered: () => {},
      onViolation: () => {
        recorded.isTorn = true;
        tornReads += 1;
      },
    });
    return playClient(client);
  });
  await Promise.all(ended);
  closeSync(fd);
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = playerMessage.parse(JSON.parse(line));
    if (message.do === "play") {
      isEnding = false;
      playing = play(message);
      return;
    }
    isEnding = true;
    void playing?.then(() => {
      process.stdout.write(`${JSON.stringify({ event: "ended", tornReads })}\n`);
      tornReads = 0;
    });
  })
  // Nothing outlives who started it.
  .on("close", () => process.exit(0));
