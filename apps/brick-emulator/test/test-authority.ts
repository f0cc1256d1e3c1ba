import { generate } from "selfsigned";

/** An authority that certifies ends of a connection, for as long as the test runs. */
export interface TestAuthority {
  /** Its own certificate, as PEM. */
  readonly ca: string;
  issue(name: string): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Makes a new authority; what it signs means nothing to another one. */
export async function makeAuthority(): Promise<TestAuthority> {
  const authority = await generate([{ name: "commonName", value: "test authority" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  return {
    ca: authority.cert,
    async issue(name) {
      const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
        keyType: "ec",
        algorithm: "sha256",
        ca: { key: authority.private, cert: authority.cert },
        extensions: [
          { name: "basicConstraints", cA: false },
          { name: "extKeyUsage", serverAuth: true, clientAuth: true },
        ],
      });
      return { cert, key };
    },
  };
}
