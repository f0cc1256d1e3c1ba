import { generate } from "selfsigned";

/** What a TLS transport is made with. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** An authority's certificates for two ends, and the same names from an authority that they do not know. */
export interface Identities {
  readonly server: Identity;
  readonly client: Identity;
  readonly stranger: Identity;
}

/** Makes certificates that live as long as the test. */
export async function makeIdentities(): Promise<Identities> {
  const [ours, theirs] = await Promise.all([makeAuthority(), makeAuthority()]);
  const [server, client, stranger] = await Promise.all([
    makeIdentity("brick-1", ours),
    makeIdentity("runner-1", ours),
    makeIdentity("brick-1", theirs),
  ]);
  return { server, client, stranger: { ...stranger, ca: ours.cert } };
}

interface Authority {
  readonly key: string;
  readonly cert: string;
}

async function makeAuthority(): Promise<Authority> {
  const made = await generate([{ name: "commonName", value: "test authority" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

async function makeIdentity(name: string, authority: Authority): Promise<Identity> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: authority,
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
    ],
  });
  return { cert: made.cert, key: made.private, ca: authority.cert };
}
