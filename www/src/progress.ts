/** How far `LiveKeypoints.create` has come. */
export type Progress = (
  | {
      /** An asset is being downloaded; told for every piece that arrives, of a module only if that takes long. */
      phase: "download";
      /** Such as `inference` or `pose_detection`. */
      asset: string;
      /** Bytes of it that have arrived. */
      loadedBytes: number;
      /** Its length, where the server tells it and does not compress. */
      totalBytes: number | undefined;
    }
  | {
      /** A WebAssembly module has been compiled. */
      phase: "compile";
      /** `session` or `inference`. */
      asset: string;
    }
  | {
      /** A worker has read a model and brought it into the form that it runs in. */
      phase: "optimise";
      /** The model's name, such as `pose_detection`. */
      asset: string;
      /** Number of the worker, from 0. */
      worker: number;
    }
  | {
      /** Frames can be pushed. */
      phase: "ready";
    }
) & {
  /** All of it together, 0 to 1; never goes back. */
  fraction: number;
};
