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
  /** Faces of 478 points, and not of 468. */
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
  const expressions = parameters.get("with") === "expressions";
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
    irises: expressions || parameters.get("without") !== "irises",
    expressions,
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
  setUnless("", "with", settings.expressions ? "expressions" : "");
  setUnless("", "without", settings.irises ? "" : "irises");
  history.replaceState(null, "", address.href.replaceAll("%2C", ","));
}

/** What of the settings a stream is told. */
export function landmarksOf(
  settings: Settings,
): Pick<StreamOptions, "graph" | "face" | "blendshapes"> {
  const { graph, parts, irises, expressions } = settings;
  return {
    graph,
    face: irises ? 478 : 468,
    blendshapes: expressions && parts.includes("face"),
  };
}

/** Without the body, hands and face are found each by itself, whatever the graph. */
export function graphToRun({ graph, parts }: Settings): Graph {
  return parts.includes("pose") ? graph : "landmarkers";
}

/** Shows the settings in the form. */
export function showSettings(form: HTMLFormElement, settings: Settings): void {
  const chosen = new Set([
    settings.source,
    settings.engine,
    String(settings.workers),
    graphToRun(settings),
    ...settings.parts,
    settings.quality,
    settings.faceStyle,
    ...(settings.irises ? ["irises"] : []),
    ...(settings.expressions ? ["expressions"] : []),
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
  disable("#graph", !settings.parts.includes("pose"));
  disable("#extras", !settings.parts.includes("face"));
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
