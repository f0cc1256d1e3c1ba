import { isVolumeError } from "@brickshift/volume";
import { parseConfig } from "../../../apps/brick-emulator/src/config-file.js";
import { UsageError } from "../../../apps/brick-emulator/src/usage-error.js";
import type { FuzzTarget } from "../target.js";

/** The configuration file of `brick-emulator serve --config`. */
export const configFile: FuzzTarget = {
  name: "configuration files",
  holds:
    "any text is a configuration with at least one volume, or is refused with a sentence that names the place in the file",
  corpus: "apps/brick-emulator/test/corpus/config",
  words: [
    '"volumes"',
    '"bricks"',
    '"options"',
    '"listen"',
    '"stopped"',
    "null",
    "{}",
    "[]",
    '"__proto__"',
    "1e400",
    '"on"',
  ],
  seeds() {
    const volume = {
      name: "v",
      bricks: ["b0", "b1"],
      options: { "features.leases": "on", "auth.allow": "*" },
    };
    const full = {
      listen: "127.0.0.1:0",
      host: "h",
      volumes: [{ ...volume, stopped: ["b0"], brickPort: 24_010 }],
    };
    const numbers = {
      volumes: [{ ...volume, options: { "network.ping-timeout": 42, "performance.quick-read": false } }],
    };
    return [full, numbers].map((config) => Buffer.from(JSON.stringify(config)));
  },
  run(bytes) {
    try {
      const { volumes } = parseConfig(Buffer.from(bytes).toString(), "/nowhere/config.json");
      if (volumes.length === 0 || volumes.some(({ directories }) => directories.length === 0)) {
        throw new Error("a volume without a brick was taken");
      }
      return "accepted";
    } catch (error) {
      if (!(error instanceof UsageError) && !isVolumeError(error)) throw error;
      if (error.message.length > 20_000)
        throw new Error("the refusal is longer than anybody reads", { cause: error });
      return "refused";
    }
  },
};
