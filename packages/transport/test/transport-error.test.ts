import { expect, it } from "vitest";
import { z } from "zod";
import {
  abortError,
  connectionLimits,
  isTransportError,
  TransportError,
  transportErrorCodes,
} from "../src/index.js";

it("carries code, errno and cause, and names the code in its message", () => {
  const cause = new Error("ECONNRESET");
  const error = new TransportError("TRANSPORT_LOST", "read failed", { cause });
  expect(error).toMatchObject({ tag: "TransportError", code: "TRANSPORT_LOST", errno: 104, cause });
  expect(error.message).toBe("TRANSPORT_LOST: read failed");
});

it("is recognised by its shape across copies of the package", () => {
  const other = Object.assign(new Error("x"), { tag: "TransportError", code: "TRANSPORT_LOST", errno: 104 });
  expect(isTransportError(other)).toBe(true);
  for (const no of [new Error("x"), { tag: "TransportError" }, undefined, "TransportError"]) {
    expect(isTransportError(no)).toBe(false);
  }
});

it("has an errno for every code", () => {
  for (const [code, errno] of Object.entries(transportErrorCodes)) {
    expect(code).toMatch(/^TRANSPORT_[A-Z_]+$/);
    expect(errno).toBeGreaterThan(0);
  }
});

it("makes an abort of any reason a transport error", () => {
  const own = new TransportError("TRANSPORT_LOST", "no ping");
  const other = new Error("enough");
  expect(abortError(own)).toBe(own);
  expect(abortError(other)).toMatchObject({ code: "TRANSPORT_ABORTED", cause: other });
  expect(abortError(undefined)).toMatchObject({ code: "TRANSPORT_ABORTED", errno: 103 });
});

it("has limits with defaults and refuses what is out of bounds", () => {
  expect(connectionLimits.parse({})).toEqual({
    recordBytesMax: 16 * 1_024 * 1_024,
    sendQueueBytesMax: 256 * 1_024 * 1_024,
    fragmentsMax: 1_024,
  });
  for (const wrong of [{ recordBytesMax: 0x8000_0000 }, { fragmentsMax: 0 }, { recordBytes: 5 }]) {
    expect(() => connectionLimits.parse(wrong)).toThrow(z.ZodError);
  }
});
