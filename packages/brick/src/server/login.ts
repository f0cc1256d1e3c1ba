import type { LoginOptions } from "../options.js";

/** What a peer shows at SETVOLUME. */
export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Address in the transport's notation. */
  readonly address: string;
  /** Common name of its certificate, which it proved to hold. */
  readonly certificateName: string | undefined;
}

/**
 * Whether a peer may use a brick. The address must match no pattern of `reject` and one of `allow`, its certificate one of `certificates`
 * if there are; when users are configured the
 * peer must name one and know its password.
 *
 * Source: glusterfs `xlators/protocol/auth/{addr,login}`, with one difference: a brick with users refuses a
 * peer without a username, as `strict-auth-accept` does there.
 */
export function isAllowed(options: LoginOptions, credentials: Credentials): boolean {
  if (options.reject.some((pattern) => matchesAddress(pattern, credentials.address))) return false;
  if (!options.allow.some((pattern) => matchesAddress(pattern, credentials.address))) return false;
  if (!isCertified(options.certificates, credentials.certificateName)) return false;
  const users = Object.keys(options.users);
  if (users.length === 0) return true;
  const { username, password } = credentials;
  if (username === undefined || password === undefined || !users.includes(username)) return false;
  return isEqualText(options.users[username] ?? "", password);
}

function isCertified(allowed: readonly string[] | undefined, name: string | undefined): boolean {
  if (allowed === undefined) return true;
  return name !== undefined && allowed.some((pattern) => matchesGlob(pattern, name));
}

/** Compares without telling by its time where the texts differ. */
function isEqualText(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length;
  for (let index = 0; index < given.length; index += 1) {
    difference |= given.charCodeAt(index) ^ expected.charCodeAt(index % (expected.length || 1));
  }
  return difference === 0;
}

/** `*` matches any run of characters; the pattern may leave out scheme and port, or name them. */
function matchesAddress(pattern: string, address: string): boolean {
  const isMatch = (text: string) => matchesGlob(pattern, text);
  const host = /^[a-z+]+:\/\/(\[[^\]]*\]|[^:/]*)/.exec(address)?.[1];
  return isMatch(address) || (host !== undefined && (isMatch(host) || isMatch(host.replace(/^\[|\]$/g, ""))));
}

function matchesGlob(pattern: string, text: string): boolean {
  const [head = "", ...parts] = pattern.split("*");
  if (!text.startsWith(head)) return false;
  const tail = parts.pop();
  if (tail === undefined) return text === head;
  let at = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - tail.length >= at && text.endsWith(tail);
}
