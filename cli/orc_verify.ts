import { Command, type CommandUnknownOpts } from "../lib/deps/commander.ts";
import { describeProblem, verifyRoot } from "../lib/orchestra/installed/verify.ts";
import { ORC_EXIT, type OrcContext } from "./_orc_context.ts";
import { ExitCode } from "./exit_code.ts";
import { escapeControl } from "./output.ts";

/** Makes `orc verify`. */
export function verifyCommand(context: OrcContext): CommandUnknownOpts {
  return new Command("verify")
    .description(
      "Check the root: metadata, files that are missing, belong to several components or to " +
        "none, and libraries that the dynamic linker will not find. Nothing is changed; exit " +
        "code 1 if something is wrong.",
    )
    .option("--json", "print JSON: ok, components, files, pending, problems")
    .action(async ({ json }) => {
      const { paths } = await context.configuration();
      const result = await verifyRoot(paths.orchestraRoot, { signal: context.signal });
      const ok = result.problems.length === 0;
      if (result.pending !== undefined) {
        context.log(
          "INFO",
          `"${result.pending}" was interrupted; the next command that changes the root completes it`,
        );
      }
      if (json === true) context.printJson({ ok, ...result });
      else for (const one of result.problems) context.print(escapeControl(describeProblem(one)));
      if (!ok) throw new ExitCode(ORC_EXIT.failed);
      const { components, files } = result;
      const word = components === 1 ? "component" : "components";
      context.log("INFO", `${components} ${word} with ${files} files in order`);
    });
}
