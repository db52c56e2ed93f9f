// gate-timeout: 240 s
import assert from "node:assert/strict";
import { bareRepository, type GitHome, gitHome } from "./_git.ts";
import { exists, Project } from "./_support.ts";

/** Components by name with their repositories, each of which tells what it has built. */
function configuration(project: Project, repositories: Readonly<Record<string, string>>): string {
  const components = Object.entries(repositories).map(([name, repository]) =>
    `  ${name}:
${repository === "" ? "" : `    repository: ${repository}\n`}    builds:
      b:
        configure: mkdir -p "$BUILD_DIR"
        install: cat "$SOURCE_DIR/name" > "$TMP_ROOT$ORCHESTRA_ROOT/built_${name}"
`
  );
  return `components:
${components.join("")}remote_base_urls: [{origin: ${project.path("remotes")}}]
branches: [master]
`;
}

/** A project with a remote whose repositories hold their names. */
async function withRepositories(home: GitHome, names: readonly string[]): Promise<Project> {
  const project = await Project.create("components: {}");
  for (const name of names) {
    const bare = project.path(`remotes/${name}`);
    await Deno.mkdir(bare.replace(/\/[^/]*$/, ""), { recursive: true });
    await bareRepository(home, bare, { name: `${name}\n` });
  }
  return project;
}

async function build(project: Project, home: GitHome, name: string): Promise<string> {
  const { code, stderr } = await project.orc(["install", "-B", name], { env: home.env });
  assert.equal(code, 0, stderr);
  return (await Deno.readTextFile(project.path(`root/built_${name}`))).trim();
}

Deno.test("a component named as the repository of another one is built from its own sources", async () => {
  await using home = await gitHome();
  for (const order of [["qemu", "upstream"], ["upstream", "qemu"]]) {
    await using project = await withRepositories(home, ["qemu", "our-qemu"]);
    const repositories: Readonly<Record<string, string>> = { qemu: "our-qemu", upstream: "qemu" };
    await project.configure({ "components.yml": configuration(project, repositories) });
    await project.orc(["update", "--no-config"], { env: home.env });
    for (const name of order) {
      assert.equal(await build(project, home, name), repositories[name]);
    }
  }
});

Deno.test("a link to sources does not count as the clone of a repository that comes later", async () => {
  await using home = await gitHome();
  await using project = await withRepositories(home, ["qemu", "our-qemu"]);
  await project.configure({ "components.yml": configuration(project, { qemu: "our-qemu" }) });
  await project.orc(["update", "--no-config"], { env: home.env });
  assert.equal(await build(project, home, "qemu"), "our-qemu");
  await project.configure({
    "components.yml": configuration(project, { qemu: "our-qemu", upstream: "qemu" }),
  });
  await project.orc(["update", "--no-config"], { env: home.env });
  assert.equal(await build(project, home, "upstream"), "qemu");
  assert.equal(await build(project, home, "qemu"), "our-qemu");
});

Deno.test("a component that gets another repository is built from that one", async () => {
  await using home = await gitHome();
  await using project = await withRepositories(home, ["old", "group/new"]);
  for (const repository of ["old", "group/new", "old"]) {
    await project.configure({ "components.yml": configuration(project, { app: repository }) });
    await project.orc(["update", "--no-config"], { env: home.env });
    assert.equal(await build(project, home, "app"), repository);
  }
});

Deno.test("sources of something else in the place of a link are an error, and stay", async () => {
  await using home = await gitHome();
  await using project = await withRepositories(home, ["shared"]);
  await project.configure({
    "components.yml": configuration(project, { app: "shared", other: "shared" }),
  });
  await project.write("sources/app/name", "unpacked\n");
  await project.orc(["update", "--no-config"], { env: home.env });
  assert.equal(await build(project, home, "other"), "shared");
  const { code, stderr } = await project.orc(["install", "-B", "app"], { env: home.env });
  assert.equal(code, 1);
  assert.match(
    stderr,
    /Cannot link ".*\/sources\/app" to the clone of shared: a directory is there/,
  );
  assert.equal(await Deno.readTextFile(project.path("sources/app/name")), "unpacked\n");
  // The user's own link, to another place, is as good as it was.
  await Deno.remove(project.path("sources/app"), { recursive: true });
  await project.write("mine/name", "mine\n");
  await Deno.symlink(project.path("mine"), project.path("sources/app"));
  assert.equal(await build(project, home, "app"), "mine");
});

Deno.test("sources without a repository do not get into the clone of another component", async () => {
  await using home = await gitHome();
  await using project = await withRepositories(home, ["zlib/core"]);
  await project.configure({
    "components.yml": configuration(project, { zlib: "", core: "zlib/core" }),
  });
  await project.orc(["update", "--no-config"], { env: home.env });
  assert.equal(await build(project, home, "core"), "zlib/core");
  await project.write("sources/zlib@sources/name", "unpacked\n");
  assert.equal(await build(project, home, "zlib"), "unpacked");
  await project.orc(["clean", "-s", "zlib"]);
  assert.ok(await exists(project.path("sources/zlib/core/.git")));
  assert.equal(await exists(project.path("sources/zlib@sources")), false);
});
