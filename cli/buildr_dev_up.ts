import { absolute } from "../lib/buildr/manifest/find.ts";
import { devUp } from "../lib/buildr/dev_up/mod.ts";
import { ContainerNetwork, runLogDirectory } from "../lib/containers/mod.ts";
import { Command, type CommandUnknownOpts, Option } from "../lib/deps/commander.ts";
import { cacheDirectory } from "../lib/engine/mod.ts";
import type { Output } from "./output.ts";
import { ownCommand } from "./own_command.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Makes `superorch buildr dev-up`.
 *
 * @param output Where it prints: the addresses on standard output, the rest on standard error.
 * @returns The command.
 */
export function devUpCommand(output: Output): CommandUnknownOpts {
  const gather = (value: string, all: readonly string[] = []) => [...all, value];
  return new Command("dev-up")
    .description(
      "Run a broker, a coordinator and agents on this machine until Ctrl-C: all that a team has, " +
        "to try it. Builds and results are there again at the next start.",
    )
    .addOption(
      new Option("--broker <kind>", "RabbitMQ as an installed program or in a container, or none")
        .choices(["auto", "program", "container", "none"]).default("auto"),
    )
    .option("--broker-image <image>", "image of the container (default: rabbitmq:3-management)")
    .option("--broker-port <port>", "port of the broker, on loopback", "5672")
    .option("--listen <address>", "where the coordinator listens", "127.0.0.1:8420")
    .option("--agents <n>", "how many agents", "2")
    .option("--directory <directory>", "where everything is kept (default: in the cache)")
    .option(
      "--allow-path <directory>",
      "let repositories of this machine be built; repeats",
      gather,
    )
    .action(async (options) => {
      const number = (name: string, text: string) => {
        const value = Number(text);
        if (/^\d+$/.test(text) && value > 0 && value < 65_536) return value;
        throw new UsageError(`${name} is no such number: "${text}"`);
      };
      const agents = number("--agents", options.agents);
      const brokerPort = number("--broker-port", options.brokerPort);
      const { executable, args } = ownCommand();
      const logDir = await runLogDirectory("buildr-dev");
      await using network = await ContainerNetwork.create("buildr-dev", { logDir, stop: "ask" });
      const up = await devUp({
        network,
        self: [executable, ...args],
        directory: options.directory === undefined
          ? `${cacheDirectory()}/buildr/dev`
          : absolute(options.directory, Deno.cwd()),
        ...(options.broker === "auto"
          ? {}
          : { broker: options.broker as "program" | "container" | "none" }),
        ...(options.brokerImage === undefined ? {} : { brokerImage: options.brokerImage }),
        brokerPort,
        listen: options.listen,
        agents,
        allowPaths: (options.allowPath ?? []).map((path) => absolute(path, Deno.cwd())),
      });
      output.err.write(`Starting ${up.broker}, a coordinator and ${agents} agents\n`);
      await network.run(undefined, { timeoutMs: 180_000 });
      output.out.write(
        `${up.coordinatorUrl}\n${up.brokerUrl === undefined ? "" : `${up.brokerUrl}\n`}`,
      );
      output.err.write(`Logs: ${logDir}\nCtrl-C ends it\n`);
      // Ctrl-C ends this wait, and the network with everything in it.
      await network.wait(["coordinator", ...up.agents]);
    }) as unknown as CommandUnknownOpts;
}
