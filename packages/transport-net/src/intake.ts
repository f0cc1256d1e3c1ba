import type { OnReadOpts, Socket } from "node:net";
import type { RecordAssembler } from "@brickshift/transport";

/**
 * Brings a socket's bytes to an assembler, in one of two ways: {@link onread} lets the kernel write
 * straight into the assembler's target, {@link listen} takes chunks from 'data' events.
 */
export class Intake {
  readonly assembler: RecordAssembler;
  /** Called when bytes came; returns whether to go on reading. Until somebody sets it, reading stops. */
  arrived: () => boolean = () => false;

  constructor(assembler: RecordAssembler) {
    this.assembler = assembler;
  }

  /** For the constructor of a socket. */
  get onread(): OnReadOpts {
    return {
      // Asked once more before reading stops, so that the next read has a place when it goes on.
      buffer: () => this.assembler.target(),
      callback: (count) => {
        this.assembler.filled(count);
        return this.arrived();
      },
    };
  }

  /** For a socket that was made without {@link onread}. */
  listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => {
      this.assembler.push(chunk);
      if (!this.arrived()) socket.pause();
    });
    socket.resume();
  }
}
