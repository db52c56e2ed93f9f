import type { Base, Settings } from "../model.ts";
import { sha256 } from "../sha256.ts";

/** An image that is another one with steps of the settings. */
export interface DerivedBase {
  /** The image to compile in. */
  readonly base: Base;
  /** What it is made of. */
  readonly from: Base;
  /** Lines of a Dockerfile. */
  readonly steps: string;
}

/** What asks for steps. */
export type DerivedSettings = Pick<
  Settings,
  "baseImage" | "packages" | "apkPackages" | "inlineSteps"
>;

/**
 * The image of the settings: the given one, or one that is made of it where packages are to be added
 * to a named image, or the settings have lines of a Dockerfile. No engine is asked.
 *
 * @param from The image without them.
 * @param settings Packages and lines.
 * @returns The image that is made; `undefined` where nothing is added.
 */
export async function derivedBase(
  from: Base,
  settings: DerivedSettings,
): Promise<DerivedBase | undefined> {
  const steps = derivedSteps(settings);
  if (steps === "") return undefined;
  const identity = await sha256(JSON.stringify(["derived", from.identity, steps]));
  const base = { ...from, identity, image: `superorch/rustc-base:d${identity.slice(0, 16)}` };
  return { base, from, steps };
}

/** One step for the image's own package manager, then the lines of the settings. */
export function derivedSteps(settings: DerivedSettings): string {
  const { baseImage, packages, apkPackages, inlineSteps } = settings;
  // An image of this machine has its packages from this machine.
  const managers = baseImage === undefined ? [] : [
    ...packages.length === 0 ? [] : [[
      "apt-get",
      "apt-get update && " +
      `DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y ${
        packages.join(" ")
      } && ` +
      "rm -rf /var/lib/apt/lists/*",
    ]],
    ...apkPackages.length === 0 ? [] : [["apk", `apk add --no-cache ${apkPackages.join(" ")}`]],
  ];
  const [first, ...others] = managers.map(([program, work]) =>
    `if command -v ${program} >/dev/null; then \\\n    ${work}; \\\n`
  );
  const install = first === undefined ? [] : [
    `RUN ${first}${others.map((text) => `el${text}`).join("")}else \\\n    ` +
    'echo "no package manager that packages are named for" >&2; exit 1; \\\nfi',
  ];
  return [...install, ...inlineSteps === "" ? [] : [inlineSteps]].join("\n");
}
