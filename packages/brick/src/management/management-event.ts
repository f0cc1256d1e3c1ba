/** What a management server tells the application, for its log. It never waits for the application. */
export type ManagementEvent =
  /** A client was given the volfile of a volume. */
  | { readonly type: "volfile-fetched"; readonly address: string; readonly volume: string }
  /** A client asked for a volume that there is not. */
  | { readonly type: "volfile-unknown"; readonly address: string; readonly key: string }
  /** A client asked for the port of a brick that is not up. */
  | { readonly type: "brick-unknown"; readonly address: string; readonly brick: string }
  /** A connection came beyond `connectionsMax` and was ended. */
  | { readonly type: "management-refused"; readonly address: string }
  /** A body that did not decode, or was longer than is looked up; refused. */
  | {
      readonly type: "garbage";
      readonly address: string;
      readonly procedure: string;
      readonly reason: string;
    };

/** Takes events. It must not throw, nor call back into the server. */
export type ManagementLog = (event: ManagementEvent) => void;
