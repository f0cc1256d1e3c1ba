import type { Model } from "./linearizability.js";

/** What happens to a block of a file: a register that holds what was written last, 0 where nothing was. */
export type RegisterAction =
  | { readonly type: "write"; readonly value: number; readonly brick: string | undefined }
  | { readonly type: "read"; readonly value: number }
  /** What was written before is on the disk. */
  | { readonly type: "sync" }
  /** The brick lost power: of what it was told since the last sync, anything may be what is left. */
  | { readonly type: "power-cut"; readonly brick: string };

interface Register {
  readonly value: number;
  /** The brick that was told last. */
  readonly brick: string | undefined;
  /** What a power cut may leave. */
  readonly left: readonly number[];
}

/**
 * A register on the disk of a brick, that begins with `initial` there. What a file is written on another brick comes after a
 * flip, which syncs.
 * @param isCut whether power cuts are to be explained: what else is on the disk matters to nobody.
 */
export function registerModel(initial: number, isCut: boolean): Model<Register, RegisterAction> {
  return {
    initial: { value: initial, brick: undefined, left: isCut ? [initial] : [] },
    next(state, action) {
      switch (action.type) {
        case "read":
          return action.value === state.value ? [state] : [];
        case "write": {
          const { value, brick } = action;
          if (!isCut) return [{ value, brick: undefined, left: [] }];
          const before = brick === state.brick ? state.left : [state.value];
          return [{ value, brick, left: before.includes(value) ? before : [...before, value] }];
        }
        case "sync":
          return [{ ...state, left: [state.value] }];
        case "power-cut":
          if (action.brick !== state.brick) return [state];
          return state.left.map((value) => ({ ...state, value, left: [value] }));
      }
    },
    isRead: ({ type }) => type === "read",
    key: ({ value, brick, left }) => `${value} ${brick} ${left.join(" ")}`,
  };
}

/** What happens to the size of a file. */
export type SizeAction =
  | { readonly type: "set"; readonly bytes: number }
  | { readonly type: "at-least"; readonly bytes: number }
  | { readonly type: "read"; readonly bytes: number };

/** The size of a file: truncations set it, writes push it. */
export function sizeModel(initial: number): Model<number, SizeAction> {
  return {
    initial,
    next(state, action) {
      switch (action.type) {
        case "set":
          return [action.bytes];
        case "at-least":
          return [Math.max(state, action.bytes)];
        case "read":
          return action.bytes === state ? [state] : [];
      }
    },
    isRead: ({ type }) => type === "read",
    key: (state) => `${state}`,
  };
}
