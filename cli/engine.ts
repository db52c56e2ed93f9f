import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import {
  type EngineStatus,
  engineStatus,
  ensureEngine,
  progressLines,
  stopEngine,
  type StoppedEngine,
} from "../lib/engine/ensure/mod.ts";
import { ExitCode } from "./exit_code.ts";
import { formatJson, type Output } from "./output.ts";

/**
 * Makes `superorch engine ensure|stop|status`.
 *
 * @param output Where it prints.
 * @returns The command.
 */
export function engineCommand(output: Output): CommandUnknownOpts {
  return new Command("engine")
    .description("Set up, stop and show the container engine.")
    .addCommand(ensureCommand(output))
    .addCommand(stopCommand(output))
    .addCommand(statusCommand(output));
}

function ensureCommand(output: Output): CommandUnknownOpts {
  return new Command("ensure")
    .description(
      "Make sure that a Docker engine answers. Where none does, Debian's docker.io is installed " +
        "and a dockerd is started in the background. Silent if there is nothing to do.",
    )
    .option("--no-install", "install no packages; fail if some are missing")
    .option("--json", "print JSON: host, started, installed, steps, warnings")
    .option("-q, --quiet", "do not tell what is being done")
    .action(async ({ install, json, quiet }) => {
      const lines = progressLines((text) => output.err.write(text));
      try {
        const ensured = await ensureEngine({
          install,
          onProgress: quiet === true ? undefined : lines.onProgress,
        });
        if (json === true) output.out.write(formatJson(ensured));
      } finally {
        lines.end();
      }
    });
}

function stopCommand(output: Output): CommandUnknownOpts {
  return new Command("stop")
    .description(
      "Stop the engine that `engine ensure` started, with all of its containers and networks. " +
        "Other engines are left alone.",
    )
    .option("--purge", "also remove its images, volumes and logs")
    .option("--json", "print JSON: outcome, containers, networks, purged")
    .action(async ({ purge, json }) => {
      const start = performance.now();
      const stopped = await stopEngine({
        purge,
        onWait: (who) => output.err.write(`Waiting for ${who}, which is setting up the engine\n`),
      });
      const seconds = formatSeconds(performance.now() - start);
      output.out.write(json === true ? formatJson(stopped) : describeStop(stopped, seconds));
    });
}

function statusCommand(output: Output): CommandUnknownOpts {
  return new Command("status")
    .description(
      "Show which engine is used, and the one that `engine ensure` starts. Ends with 1 where none " +
        "answers.",
    )
    .option("--json", "print JSON: used or problem, own")
    .action(async ({ json }) => {
      const status = await engineStatus();
      output.out.write(json === true ? formatJson(status) : describeStatus(status));
      if (status.used === undefined) throw new ExitCode(1);
    });
}

function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

function describeStop(stopped: StoppedEngine, seconds: string): string {
  const { outcome, containers, networks, purged } = stopped;
  const lines = [];
  if (outcome === "absent") lines.push("No engine of superorch runs");
  else {
    const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
    const how = outcome === "killed"
      ? "Killed the engine, which did not end by itself"
      : "Stopped the engine";
    lines.push(
      `${how}; removed ${count(containers, "container")} and ${
        count(networks, "network")
      }: ${seconds}`,
    );
  }
  if (purged) lines.push("Removed its images, volumes and logs");
  return `${lines.join("\n")}\n`;
}

function describeStatus({ used, problem, own }: EngineStatus): string {
  const lines = [];
  if (used === undefined) lines.push(problem ?? "No engine answers");
  else {
    lines.push(
      `Engine ${used.version} at ${used.host}${used.ours ? ", started by superorch" : ""}`,
      `  API ${used.apiVersion}, storage ${used.storageDriver}, data in ${used.dataDirectory}`,
    );
  }
  if (own !== undefined && !used?.ours) {
    const state = {
      running: `runs as process ${own.pid} at ${own.host}`,
      silent: `runs as process ${own.pid} and does not answer, see ${own.log}`,
      stopped: `is stopped, its data is in ${own.directory}`,
      absent: "was never started",
    }[own.state];
    lines.push(`The engine of superorch ${state}`);
  }
  return `${lines.join("\n")}\n`;
}
