import { type DebianRoot, debianRoot } from "../support/debian_root.ts";
import {
  type PrivateEngine,
  privateEngineProblem,
  startPrivateEngine,
} from "../support/private_engine.ts";
import type { CargoOptions } from "./_workspace.ts";

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

/** How cargo of such a machine is run, with a builder of its own. */
export function cargoOf(
  root: DebianRoot,
  engine: PrivateEngine,
  env: Record<string, string> = {},
): CargoOptions {
  return {
    starter: root.starter,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...hostOf(engine), ...env },
    timeoutMs: 280_000,
  };
}

/** Variables for a builder of its own. */
export function hostOf(engine: PrivateEngine): Record<string, string> {
  return { DOCKER_HOST: `unix://${engine.socketPath}` };
}

/**
 * An engine for images that are good for nobody else. A builder keeps what images were made of as
 * long as it keeps what was built in them, so that removing them from an engine that others use
 * would give back nothing of their gigabyte each.
 */
export async function engineForImages(): Promise<PrivateEngine> {
  return await startPrivateEngine({
    args: ["--bridge=none", "--iptables=false"],
    // Four images and what is built in them are 5 GB, for a minute or two.
    ...await availableMebibytes() > 14_000 ? { dataMebibytes: 6_000 } : {},
  });
}

async function availableMebibytes(): Promise<number> {
  const text = await Deno.readTextFile("/proc/meminfo").catch(() => "");
  return Number(/^MemAvailable:\s*(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

/** Why there is no such engine, or no such machine. */
export async function whyNot(...needed: readonly { readonly skip?: string }[]): Promise<boolean> {
  const skip = needed.find((one) => one.skip !== undefined)?.skip ?? await privateEngineProblem();
  if (skip !== undefined) console.log(skip);
  return skip !== undefined;
}
