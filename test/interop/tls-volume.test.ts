import { mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { program } from "./support/program.js";
import { run } from "./support/command.js";
import { mountVolume } from "./support/fuse-mount.js";
import { Scratch } from "./support/scratch.js";
import { emulatorCli, ServedVolumes } from "./support/served-volume.js";

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.end());

const bricks = () => ["b0", "b1"].flatMap((name) => ["--brick", scratch.path(name)]);

/** Certificates of an authority of our own, as `NAME.pem` and `NAME.key` beside `ca.pem`. */
async function makeCertificates(names: readonly string[]): Promise<void> {
  const openssl = (...args: readonly string[]) => program("openssl", args, { cwd: scratch.directory });
  const newKey = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
  await openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority");
  writeFileSync(scratch.path("end.ext"), "basicConstraints=CA:FALSE\n");
  for (const name of names) {
    const request = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`];
    await openssl("req", "-newkey", "rsa:2048", "-nodes", ...request);
    const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
    await openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signing,
      "-extfile",
      "end.ext",
      "-out",
      `${name}.pem`,
    );
  }
}

/** A client's machine: its own state directory and certificates, the one with `secure-access`, in a mount namespace. */
const clientScript = `
  set -e
  mount -t tmpfs tmpfs /var/lib/glusterd
  [ "$SECURE" = yes ] && touch /var/lib/glusterd/secure-access
  mount -t tmpfs tmpfs /usr/lib/ssl
  cp "$DIR/$NAME.pem" /usr/lib/ssl/glusterfs.pem
  cp "$DIR/$NAME.key" /usr/lib/ssl/glusterfs.key
  cp "$DIR/ca.pem" /usr/lib/ssl/glusterfs.ca
  mkdir -p "$DIR/mnt"
  timeout $WAIT mount -t glusterfs -o server-port=$PORT,log-file="$DIR/$NAME.log" 127.0.0.1:/demo "$DIR/mnt" || exit 7
  trap 'umount -l "$DIR/mnt" 2>/dev/null || true' EXIT
  for i in $(seq 1 8); do echo "content $i" > "$DIR/mnt/f$i" || exit 8; done
  cat "$DIR"/mnt/f*
  cp "$CLI" "$DIR/mnt/cli"
  cmp "$CLI" "$DIR/mnt/cli"
  ls "$DIR/mnt" | wc -l
`;

it("a stock client mounts over TLS by its certificate, and neither one of another name nor one without TLS", async () => {
  await makeCertificates(["server", "alice", "mallory"]);
  const served = await ServedVolumes.start(scratch, [
    ...["--volume", "demo", ...bricks(), "--listen", "127.0.0.1:0", "--option", "auth.ssl-allow=alice"],
    ...["--tls-cert", scratch.path("server.pem"), "--tls-key", scratch.path("server.key")],
    ...["--tls-ca", scratch.path("ca.pem")],
  ]);
  const client = (name: string, secure: "yes" | "no", waitSeconds: number) =>
    run("unshare", ["-m", "bash", "-c", clientScript], {
      env: {
        ...process.env,
        DIR: scratch.directory,
        NAME: name,
        PORT: String(served.port),
        SECURE: secure,
        CLI: emulatorCli,
        WAIT: String(waitSeconds),
      },
    });
  const contents = Array.from({ length: 8 }, (_, index) => `content ${index + 1}\n`).join("");
  expect(await client("alice", "yes", 60)).toMatchObject({ code: 0, stdout: `${contents}9\n` });
  const opened = served.events.filter(({ event }) => event === "session-open");
  expect(opened.length).toBeGreaterThanOrEqual(2);
  for (const { address, client: uid } of opened) {
    expect([address, uid]).toEqual([expect.stringMatching(/^tls:/), expect.stringMatching(/^tls:alice\//)]);
  }
  expect(served.count("session-refused")).toBe(0);
  const refused = await client("mallory", "yes", 10);
  expect(refused.code).not.toBe(0);
  expect(served.count("session-refused", { code: "BRICK_AUTHENTICATION" })).toBeGreaterThan(0);
  const fetched = served.count("volfile-fetched");
  // Without TLS for the volfile it does not even learn of the bricks.
  expect((await client("alice", "no", 10)).code).toBe(7);
  expect(served.count("volfile-fetched")).toBe(fetched);
  expect(await served.stop()).toBe(0);
});

it("a stock client mounts by an IPv6 address", async () => {
  const served = await ServedVolumes.start(scratch, ["--volume", "demo", ...bricks(), "--listen", "[::1]:0"]);
  const server = { host: "::1", port: served.port, volume: "demo" };
  const mount = await mountVolume(scratch, server, "mnt", ["xlator-option=transport.address-family=inet6"]);
  mkdirSync(`${mount.path}/d`);
  const text = "x".repeat(300_000);
  for (let index = 0; index < 8; index += 1) writeFileSync(`${mount.path}/d/f${index}`, text);
  expect((await program("cat", ["f0", "f3", "f7"], { cwd: `${mount.path}/d` })).stdout).toBe(text.repeat(3));
  const opened = served.events.filter(({ event }) => event === "session-open");
  expect(opened.map(({ address }) => String(address).replace(/\d+$/, "PORT"))).toEqual([
    "tcp://[::1]:PORT",
    "tcp://[::1]:PORT",
  ]);
  await mount.unmount();
  expect(await served.stop()).toBe(0);
});
