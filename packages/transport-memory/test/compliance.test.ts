import { transportCompliance } from "@brickshift/testkit";
import { createMemoryTransport, MemoryNetwork } from "../src/index.js";

transportCompliance({
  setup() {
    const network = new MemoryNetwork();
    let listeners = 0;
    return {
      createTransport: (limits) => createMemoryTransport(limits, { network }),
      listenAddress: () => `memory://listener-${(listeners += 1)}`,
      deadAddress: () => "memory://nobody",
      malformedAddresses: ["memory://", "memory://a/b", "memory://a b", `memory://${"a".repeat(256)}`],
    };
  },
  teardown() {},
  supports: { abortNotice: true, rawBytes: false, recycle: false },
});
