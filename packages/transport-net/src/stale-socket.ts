import { access, lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname } from "node:path";
import { translateError } from "./errors.js";

/**
 * Removes the socket file at `path` when nobody listens on it, such as one that a killed process left.
 * Anything else there is left alone, for `listen` to stumble over. Of two processes that do this at
 * the same moment, one may remove the other's new file: give each listener a path of its own.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  try {
    // Asked first: libuv would call a directory that is not there a lack of permission.
    await access(dirname(path));
    const found = await lstat(path).catch(unlessMissing);
    if (found?.isSocket() === true && !(await isAnswered(path))) await unlink(path).catch(unlessMissing);
  } catch (error) {
    throw translateError(error, "listen");
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.on("connect", () => settle(true));
    // Only a refusal says that nobody is there; a listener may be busy or not ours to talk to.
    socket.on("error", (error: NodeJS.ErrnoException) => settle(error.code !== "ECONNREFUSED"));
  });
}
