/** What the visitor chose: in the address, so that it survives a reload and can be linked to, and in the form. */

import type {
  EngineKind,
  Graph,
  Part,
  Quality,
  StreamOptions,
} from "live-keypoints";

export type SourceName = "clip" | "camera" | "file";
export type FaceStyle = "contours" | "points";

export interface Settings {
  source: SourceName;
  engine: EngineKind;
  workers: number;
  graph: Graph;
  parts: Part[];
  quality: Quality;
  faceStyle: FaceStyle;
  /** Faces of 478 points. */
  irises: boolean;
  /** Blendshapes, which need the irises. */
  expressions: boolean;
}

const PARTS: readonly Part[] = ["pose", "hands", "face"];

/** The settings of an address such as `?workers=2&parts=pose,hands&quality=lite`; what it does not say is the default. */
export function readAddress(parameters: URLSearchParams): Settings {
  const parts = PARTS.filter((part) =>
    parameters.get("parts")?.split(",").includes(part),
  );
  const workers = Number(parameters.get("workers"));
  const extras = parameters.get("with")?.split(",") ?? [];
  return {
    source: "clip",
    engine: parameters.get("engine") === "relay" ? "relay" : "page",
    workers:
      workers >= 1 && workers <= 4 ? Math.floor(workers) : defaultWorkers(),
    graph:
      parameters.get("graph") === "landmarkers" ? "landmarkers" : "holistic",
    parts: parts.length > 0 ? parts : [...PARTS],
    quality: parameters.get("quality") === "lite" ? "lite" : "full",
    faceStyle: parameters.get("face") === "points" ? "points" : "contours",
    irises: extras.includes("irises") || extras.includes("expressions"),
    expressions: extras.includes("expressions"),
  };
}

/** As many workers as there is work for, and no more than the machine has cores. */
function defaultWorkers(): number {
  return Math.max(1, Math.min(4, navigator.hardwareConcurrency || 4));
}

/** Puts the settings where a reload finds them. Camera and file are left out: they are only chosen by hand. */
export function writeAddress(settings: Settings): void {
  const address = new URL(location.href);
  const { searchParams } = address;
  const setUnless = (usual: string, name: string, value: string): void => {
    if (value === usual) searchParams.delete(name);
    else searchParams.set(name, value);
  };
  setUnless("page", "engine", settings.engine);
  searchParams.set("workers", String(settings.workers));
  setUnless("holistic", "graph", settings.graph);
  searchParams.set("parts", settings.parts.join(","));
  searchParams.set("quality", settings.quality);
  setUnless("contours", "face", settings.faceStyle);
  setUnless("", "with", extrasOf(settings).join());
  history.replaceState(null, "", address.href.replaceAll("%2C", ","));
}

/** What the face has besides its 468 points, as form and address name it. */
function extrasOf({ irises, expressions }: Settings): string[] {
  return [
    ...(irises ? ["irises"] : []),
    ...(expressions ? ["expressions"] : []),
  ];
}

/** What of the settings a stream is told; what is as usual is left out, as not every relay knows of it. */
export function landmarksOf(
  settings: Settings,
): Pick<StreamOptions, "graph" | "face" | "blendshapes"> {
  const { graph, parts, irises, expressions } = settings;
  const hasFace = parts.includes("face");
  return {
    ...(graph === "landmarkers" && { graph }),
    ...(hasFace && irises && { face: 478 }),
    ...(hasFace && expressions && { blendshapes: true }),
  };
}

/** The settings for a relay that has neither the other graph nor irises nor expressions: hands and face need the body there. */
export function withoutLandmarkers(settings: Settings): Settings {
  const isPossible = (part: Part): boolean =>
    part === "pose" || settings.parts.includes(part);
  return {
    ...{ ...settings, parts: PARTS.filter(isPossible), graph: "holistic" },
    ...{ irises: false, expressions: false },
  };
}

/** Without the body, hands and face are found each by itself, whatever the graph. */
export function graphToRun({ graph, parts }: Settings): Graph {
  return parts.includes("pose") ? graph : "landmarkers";
}

/** Shows the settings in the form; `isLimited` where a relay lacks the graph and what the face can be with. */
export function showSettings(
  form: HTMLFormElement,
  settings: Settings,
  isLimited: boolean,
): void {
  const chosen = new Set([
    settings.source,
    settings.engine,
    String(settings.workers),
    graphToRun(settings),
    ...settings.parts,
    settings.quality,
    settings.faceStyle,
    ...extrasOf(settings),
  ]);
  for (const input of form.querySelectorAll<HTMLInputElement>(
    "[type=radio], [type=checkbox]",
  ))
    input.checked = chosen.has(input.value);
  const disable = (id: string, isDisabled: boolean): void => {
    form.querySelector<HTMLFieldSetElement>(id)!.disabled = isDisabled;
  };
  // A relay has its own.
  disable("#workers", settings.engine === "relay");
  disable("#graph", isLimited || !settings.parts.includes("pose"));
  disable("#extras", isLimited || !settings.parts.includes("face"));
  form.querySelector<HTMLElement>("#limited")!.hidden = !isLimited;
}

/** Reads the form; what cannot be chosen now stays. The last part cannot be switched off: `undefined` then. */
export function readForm(
  form: HTMLFormElement,
  previous: Settings,
): Settings | undefined {
  const data = new FormData(form);
  const parts = PARTS.filter((part) => data.getAll("parts").includes(part));
  if (parts.length === 0) return undefined;
  const { irises, expressions } = readExtras(form, data, previous);
  return {
    source: sourceOf(data.get("source")),
    engine: data.get("engine") === "relay" ? "relay" : "page",
    workers: Number(data.get("workers") ?? previous.workers),
    graph: (data.get("graph") ?? previous.graph) as Graph,
    parts,
    quality: data.get("quality") === "lite" ? "lite" : "full",
    faceStyle: data.get("face") === "points" ? "points" : "contours",
    irises,
    expressions,
  };
}

/** Expressions bring the irises along, and go with them. */
function readExtras(
  form: HTMLFormElement,
  data: FormData,
  previous: Settings,
): Pick<Settings, "irises" | "expressions"> {
  if (form.querySelector<HTMLFieldSetElement>("#extras")!.disabled)
    return previous;
  const [irises, expressions] = ["irises", "expressions"].map((extra) =>
    data.getAll("extras").includes(extra),
  ) as [boolean, boolean];
  if (expressions && !previous.expressions)
    return { irises: true, expressions };
  return { irises, expressions: expressions && irises };
}

function sourceOf(value: unknown): SourceName {
  return value === "camera" || value === "file" ? value : "clip";
}
