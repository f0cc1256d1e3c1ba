import { TransportError } from "@brickshift/transport";
import { expect, it } from "vitest";
import { type Phase, translateError } from "../src/errors.js";

const platform = (code: string) => Object.assign(new Error(`failed: ${code}`), { code });

it.each<[Phase, string, string]>([
  ["connect", "ECONNREFUSED", "TRANSPORT_REFUSED"],
  ["connect", "ECONNRESET", "TRANSPORT_REFUSED"],
  ["connect", "ENOENT", "TRANSPORT_REFUSED"],
  ["connect", "EHOSTUNREACH", "TRANSPORT_UNREACHABLE"],
  ["connect", "ETIMEDOUT", "TRANSPORT_UNREACHABLE"],
  ["connect", "ENOTFOUND", "TRANSPORT_UNREACHABLE"],
  ["connect", "EMFILE", "TRANSPORT_LIMIT"],
  ["connect", "EACCES", "TRANSPORT_PERMISSION"],
  ["handshake", "ECONNRESET", "TRANSPORT_TLS"],
  ["handshake", "SELF_SIGNED_CERT_IN_CHAIN", "TRANSPORT_TLS"],
  ["listen", "EADDRINUSE", "TRANSPORT_ADDRESS_IN_USE"],
  ["listen", "EADDRNOTAVAIL", "TRANSPORT_ADDRESS"],
  ["listen", "ENOENT", "TRANSPORT_ADDRESS"],
  ["listen", "EACCES", "TRANSPORT_PERMISSION"],
  ["open", "ECONNRESET", "TRANSPORT_LOST"],
  ["open", "EPIPE", "TRANSPORT_LOST"],
  ["open", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "TRANSPORT_TLS"],
])("translates, while in %s, %s to %s", (phase, code, translated) => {
  const cause = platform(code);
  expect(translateError(cause, phase)).toMatchObject({ code: translated, cause });
});

it("takes the first attempt's word for a host with several addresses", () => {
  const error = new AggregateError([platform("ECONNREFUSED"), platform("EHOSTUNREACH")]);
  expect(translateError(error, "connect").code).toBe("TRANSPORT_REFUSED");
});

it("gives back what is translated already, and bears what is no error", () => {
  const error = new TransportError("TRANSPORT_CLOSED", "test");
  expect(translateError(error, "open")).toBe(error);
  expect(translateError("odd", "open")).toMatchObject({ code: "TRANSPORT_LOST", cause: "odd" });
});
