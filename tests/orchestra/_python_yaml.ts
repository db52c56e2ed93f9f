/** The real PyYAML, from Debian's package. */
import { debianFiles } from "../support/debian_packages.ts";
import { runProgram } from "../support/cli.ts";

/** A Python that has PyYAML, or why there is none. */
export type PythonYaml =
  | { readonly run: (script: string, stdin: string) => Promise<string>; readonly skip?: undefined }
  | { readonly run?: undefined; readonly skip: string };

/** Finds it on this machine, or unpacks the packages. */
export async function pythonYaml(): Promise<PythonYaml> {
  if (await hasYaml("/usr/bin/python3", {})) return runner("/usr/bin/python3", {});
  const packages = ["python3-minimal", "libpython3-stdlib", "python3-yaml"];
  const { root, skip } = await debianFiles({ packages });
  if (root === undefined) return { skip };
  const env = { PYTHONPATH: `${root}/usr/lib/python3/dist-packages` };
  for (const python of ["/usr/bin/python3", `${root}/usr/bin/python3`]) {
    if (await hasYaml(python, env)) return runner(python, env);
  }
  return { skip: "no Python can load PyYAML" };
}

async function hasYaml(python: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  const tried = runProgram(python, ["-c", "import yaml"], { env });
  return await tried.then(({ code }) => code === 0, () => false);
}

function runner(python: string, env: Readonly<Record<string, string>>): PythonYaml {
  return {
    run: async (script, stdin) => {
      const { code, stdout, stderr } = await runProgram(python, ["-c", script], {
        env: { ...env, PYTHONIOENCODING: "utf-8" },
        stdin,
        timeoutMs: 60_000,
      });
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
  };
}
