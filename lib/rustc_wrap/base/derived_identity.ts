import type { Base, Settings } from "../model.ts";
import { sha256 } from "../sha256.ts";
import type { CrossTools } from "../target/cross_tools.ts";
import type { Toolchain } from "../toolchain.ts";

/** An image that is another one with steps of the settings. */
export interface DerivedBase {
  /** The image to compile in. */
  readonly base: Base;
  /** What it is made of. */
  readonly from: Base;
  /** Lines of a Dockerfile. */
  readonly steps: string;
  /** A toolchain of this machine that is put into it. */
  readonly toolchain: Toolchain | undefined;
}

/** What asks for steps. */
export type DerivedSettings = Pick<
  Settings,
  "baseImage" | "packages" | "apkPackages" | "inlineSteps" | "components"
>;

/** What an image gets that is made of another one. */
export interface Additions {
  /** Packages, components and lines; `baseImage` is set where the image is one that is named. */
  readonly settings: DerivedSettings;
  /** A toolchain of this machine. */
  readonly toolchain?: Toolchain;
  /** A target that the image may not have. */
  readonly target?: { readonly triple: string; readonly tools: CrossTools };
}

/**
 * The image of the settings: the given one, or one that is made of it where packages are to be added
 * to a named image, or the settings have lines of a Dockerfile. No engine is asked.
 *
 * @param from The image without them.
 * @param additions What it gets.
 * @returns The image that is made; `undefined` where nothing is added.
 */
export async function derivedBase(
  from: Base,
  additions: Additions,
): Promise<DerivedBase | undefined> {
  const { settings, toolchain, target } = additions;
  const steps = derivedSteps(settings, target);
  if (steps === "" && toolchain === undefined) return undefined;
  const own = toolchain === undefined ? [] : [toolchain.hash, toolchain.rustc];
  const identity = await sha256(JSON.stringify(["derived", from.identity, steps, ...own]));
  const rustc = toolchain?.rustc ?? from.rustc;
  const image = `superorch/rustc-base:d${identity.slice(0, 16)}`;
  return { base: { image, identity, rustc }, from, steps, toolchain };
}

/**
 * Steps for the image's own package manager and rustup, then the lines of the settings.
 *
 * @param settings Packages, components and lines.
 * @param target A target that the image may not have.
 * @returns Lines of a Dockerfile; empty for none.
 */
export function derivedSteps(settings: DerivedSettings, target?: Additions["target"]): string {
  const { baseImage, packages, apkPackages, inlineSteps, components } = settings;
  // An image of this machine has its packages from this machine.
  const managers = baseImage === undefined ? [] : [
    ...packages.length === 0 ? [] : [["apt-get", aptInstall(packages)]],
    ...apkPackages.length === 0 ? [] : [["apk", `apk add --no-cache ${apkPackages.join(" ")}`]],
  ];
  const [first, ...others] = managers.map(([program, work]) =>
    `if command -v ${program} >/dev/null; then \\\n    ${work}; \\\n`
  );
  const install = first === undefined ? [] : [
    `RUN ${first}${others.map((text) => `el${text}`).join("")}else \\\n    ` +
    'echo "no package manager that packages are named for" >&2; exit 1; \\\nfi',
  ];
  const rustup = baseImage === undefined || components.length === 0
    ? []
    : [`RUN rustup component add ${components.join(" ")}`];
  return [
    ...install,
    ...rustup,
    ...target === undefined ? [] : targetSteps(target),
    ...inlineSteps === "" ? [] : [inlineSteps],
  ].join("\n");
}

function aptInstall(packages: readonly string[]): string {
  return "apt-get update && DEBIAN_FRONTEND=noninteractive " +
    `apt-get install --no-install-recommends -y ${packages.join(" ")} && ` +
    "rm -rf /var/lib/apt/lists/*";
}

/** What the image has is left as it is, so that one that has everything needs no network. */
function targetSteps({ triple, tools }: NonNullable<Additions["target"]>): string[] {
  const library = `"$(rustc --print sysroot)/lib/rustlib/${triple}/lib"`;
  const rustup = `RUN [ -d ${library} ] || ! command -v rustup >/dev/null || ` +
    `rustup target add ${triple}`;
  if (tools.program === undefined) return [rustup];
  const packages = tools.packages.map(([name]) => name!);
  return [
    rustup,
    `RUN command -v ${tools.program} >/dev/null || ! command -v apt-get >/dev/null || \\\n    ` +
    `{ ${aptInstall(packages)}; }`,
  ];
}
