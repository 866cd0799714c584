/** Stands for the generated bindings while TypeScript is compiled: there may be none yet. */

import type {
  InitModule,
  PoseFileEncoder as PoseFileEncoderMethods,
  Session as SessionMethods,
  SessionOptions,
} from "../../bindings.js";

declare const init: InitModule;
export default init;

/** Version of the crate that the module was built from. */
export function version(): string;

/** File names, without `.onnx`, of the models that a worker serving these steps needs. */
export function modelsForSteps(steps: number, quality: string): string[];

export const Session: new (options: SessionOptions) => SessionMethods;

export const PoseFileEncoder: new () => PoseFileEncoderMethods;
