/** What the visitor chose: in the address, so that it survives a reload and can be linked to, and in the form. */

import type { EngineKind, Part, Quality } from "live-keypoints";

export type SourceName = "clip" | "camera" | "file";
export type FaceStyle = "contours" | "points";

export interface Settings {
  source: SourceName;
  engine: EngineKind;
  workers: number;
  parts: Part[];
  quality: Quality;
  faceStyle: FaceStyle;
}

const PARTS: readonly Part[] = ["pose", "hands", "face"];

/** The settings of an address such as `?workers=2&parts=pose,hands&quality=lite`; what it does not say is the default. */
export function readAddress(parameters: URLSearchParams): Settings {
  const parts = PARTS.filter((part) =>
    parameters.get("parts")?.split(",").includes(part),
  );
  const workers = Number(parameters.get("workers"));
  return {
    source: "clip",
    engine: parameters.get("engine") === "relay" ? "relay" : "page",
    workers:
      workers >= 1 && workers <= 4 ? Math.floor(workers) : defaultWorkers(),
    parts: parts.length > 0 ? parts : [...PARTS],
    quality: parameters.get("quality") === "lite" ? "lite" : "full",
    faceStyle: parameters.get("face") === "points" ? "points" : "contours",
  };
}

/** As many workers as there is work for, and no more than the machine has cores. */
function defaultWorkers(): number {
  return Math.max(1, Math.min(4, navigator.hardwareConcurrency || 4));
}

/** Puts the settings where a reload finds them. Camera and file are left out: they are only chosen by hand. */
export function writeAddress(settings: Settings): void {
  const address = new URL(location.href);
  if (settings.engine === "relay") address.searchParams.set("engine", "relay");
  else address.searchParams.delete("engine");
  address.searchParams.set("workers", String(settings.workers));
  address.searchParams.set("parts", settings.parts.join(","));
  address.searchParams.set("quality", settings.quality);
  if (settings.faceStyle === "points")
    address.searchParams.set("face", "points");
  else address.searchParams.delete("face");
  history.replaceState(null, "", address.href.replaceAll("%2C", ","));
}

/** Shows the settings in the form. */
export function showSettings(form: HTMLFormElement, settings: Settings): void {
  const chosen = new Set([
    settings.source,
    settings.engine,
    String(settings.workers),
    ...settings.parts,
    settings.quality,
    settings.faceStyle,
  ]);
  for (const input of form.querySelectorAll<HTMLInputElement>(
    "[type=radio], [type=checkbox]",
  ))
    input.checked = chosen.has(input.value);
  // A relay has its own.
  const workers = form.querySelector<HTMLFieldSetElement>("#workers")!;
  workers.disabled = settings.engine === "relay";
}

/** Reads the form; what cannot be chosen now stays. The last part cannot be switched off: `undefined` then. */
export function readForm(
  form: HTMLFormElement,
  previous: Settings,
): Settings | undefined {
  const data = new FormData(form);
  const parts = PARTS.filter((part) => data.getAll("parts").includes(part));
  if (parts.length === 0) return undefined;
  return {
    source: sourceOf(data.get("source")),
    engine: data.get("engine") === "relay" ? "relay" : "page",
    workers: Number(data.get("workers") ?? previous.workers),
    parts,
    quality: data.get("quality") === "lite" ? "lite" : "full",
    faceStyle: data.get("face") === "points" ? "points" : "contours",
  };
}

function sourceOf(value: unknown): SourceName {
  return value === "camera" || value === "file" ? value : "clip";
}
