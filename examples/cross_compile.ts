// Compiles a Cargo package in a container, for the system that the container is, and runs what came
// out of it in another container of the same image.
//
//     deno run -A examples/cross_compile.ts [--image IMAGE] [--package DIR] --bin NAME…
//         [--feature NAME…] [--target TRIPLE]
//
// A binary that is linked against glibc runs where the same glibc or a newer one is, so compiling
// in the image that will run it is the way that always works; with an image that has musl's target
// (`--target x86_64-unknown-linux-musl`) the binary is static and runs anywhere, also here.
//
// What a second run needs stays: the registry of this machine's CARGO_HOME is mounted, and the
// artifacts are in `target/isolated`, apart from those of this machine's own cargo. They belong to
// the user that the container runs as, which is root.
import { parseArgs } from "node:util";
import { container, ContainerNetwork, externalEntrypoint } from "../lib/containers/mod.ts";
import { ensure, runMain } from "../lib/errors/mod.ts";

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      image: { type: "string", default: Deno.env.get("SUPERORCH_RUST_IMAGE") ?? "rust:1-slim" },
      package: { type: "string", default: "." },
      bin: { type: "string", multiple: true, default: [] },
      feature: { type: "string", multiple: true, default: [] },
      target: { type: "string" },
    },
  });
  ensure(values.bin.length > 0, "Name at least one binary: --bin NAME");
  const registry = `${cargoHome()}/registry`;
  await Deno.mkdir(registry, { recursive: true });

  await using network = await ContainerNetwork.create("cross_compile");
  const binary = (name: string) =>
    [values.package, "target/isolated", values.target, "release", name]
      .filter((part) => part !== undefined).join("/");
  network.add(
    container("builder", values.image, {
      entrypoint: ["cargo", "build", "--release", "--target-dir", "target/isolated"],
      // All binaries in one call: what they share is compiled once.
      command: [
        ...values.bin.flatMap((name) => ["--bin", name]),
        ...values.feature.flatMap((name) => ["--features", name]),
        ...values.target === undefined ? [] : ["--target", values.target],
      ],
      workdir: "/app",
      env: { CARGO_HOME: "/cargo" },
      volumes: [
        { bind: values.package, target: "/app" },
        { bind: registry, target: "/cargo/registry" },
      ],
    }),
  );
  await network.run();
  await network.wait(["builder"], { timeoutMs: 3_600_000 });

  // Only now: what is mounted must be there when a network starts.
  for (const name of values.bin) {
    network.add(container(name, values.image, externalEntrypoint(binary(name))));
  }
  await network.run(values.bin);
  await network.wait(values.bin, { timeoutMs: 60_000 });
});

function cargoHome(): string {
  return Deno.env.get("CARGO_HOME") ?? `${Deno.env.get("HOME")}/.cargo`;
}
