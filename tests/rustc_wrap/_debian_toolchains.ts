import { connectEngine, ImageNotFoundError } from "../../lib/engine/mod.ts";
import { type DebianRoot, debianRoot } from "../support/debian_root.ts";
import type { CargoOptions, Workspace } from "./_workspace.ts";

/** A machine with Debian's own toolchain of today, and what compiles for other processors. */
export function webToolchain(): Promise<DebianRoot> {
  return debianRoot({
    name: "rustc-web",
    foreign: ["arm64", "armhf", "i386"],
    packages: [
      ...["ca-certificates", "rustc-web", "cargo-web", "rust-web-clippy", "mold"],
      ...["arm64", "armhf", "i386"].map((name) => `libstd-rust-web-dev:${name}`),
      ...["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
      ...["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
      ...["gcc-i686-linux-gnu", "libc6-dev-i386-cross"],
    ],
  });
}

/** A machine with Debian's older toolchain, which is the one that has Windows and WebAssembly. */
export function oldToolchain(): Promise<DebianRoot> {
  return debianRoot({
    name: "rustc",
    packages: [
      ...["ca-certificates", "rustc", "cargo", "libstd-rust-dev-wasm32"],
      ...["libstd-rust-dev-windows", "gcc-mingw-w64-x86-64-posix", "lld"],
    ],
  });
}

/** How cargo of such a machine is run. */
export function cargoOf(root: DebianRoot, env: Record<string, string> = {}): CargoOptions {
  return {
    starter: root.starter,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    timeoutMs: 280_000,
  };
}

/** Images that a workspace had made: they are good for no other machine, and removed at the end. */
export class MadeImages implements AsyncDisposable {
  readonly #workspace: Workspace;
  readonly #images: string[] = [];

  /** Nothing is made yet. */
  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** Reads the trace, before it is forgotten. */
  async note(): Promise<void> {
    const trace = await this.#workspace.trace();
    this.#images.push(...[...trace.matchAll(/making the image (\S+)/g)].map(([, name]) => name!));
  }

  /** Removes those that were made for a target: each takes a gigabyte. */
  async removeTargets(): Promise<void> {
    await using engine = await connectEngine();
    for (const [, image] of (await this.#workspace.trace()).matchAll(/the image (\S+) for /g)) {
      await engine.images.remove(image!);
    }
    await this.note();
  }

  /** Removes them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.note();
    await using engine = await connectEngine();
    for (const image of new Set(this.#images)) {
      await engine.images.remove(image).catch((error) => {
        if (!(error instanceof ImageNotFoundError)) throw error;
      });
    }
  }
}
