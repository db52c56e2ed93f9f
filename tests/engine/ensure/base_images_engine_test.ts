import assert from "node:assert/strict";
import { BareMachine } from "./bare_machine.ts";

const problem = await BareMachine.problem();

function engineTest(name: string, work: (machine: BareMachine) => Promise<void>): void {
  Deno.test({
    name: problem === undefined ? name : `${name} [skipped: ${problem}]`,
    ignore: problem !== undefined,
    fn: async () => {
      await using machine = await BareMachine.start();
      const started = await machine.engine(["ensure", "-q"]);
      assert.equal(started.code, 0, started.stderr);
      await work(machine);
    },
  });
}

interface Image {
  readonly Id: string;
  readonly RepoTags: readonly string[];
}

engineTest(
  "busyboxImage() makes the image once, and again for another busybox",
  async (machine) => {
    const images = () => machine.docker("GET", "/images/json") as Promise<readonly Image[]>;
    const [first] = await images();
    assert.deepEqual(first?.RepoTags, ["superorch/busybox:local"]);
    assert.equal((await machine.engine(["busyboxImage"])).stdout, '"superorch/busybox:local"\n');
    assert.deepEqual(await images(), [first]);

    // Bytes after the end of the program do not change what it does.
    await machine.sh(
      'mkdir "$HOME/bin"; cp "$(command -v busybox)" "$HOME/bin/"; echo >>"$HOME/bin/busybox"',
    );
    const env = { PATH: `${machine.home}/bin:${Deno.env.get("PATH")}` };
    assert.equal((await machine.engine(["busyboxImage"], { env })).code, 0);
    const [second, ...others] = await images();
    assert.deepEqual(second?.RepoTags, ["superorch/busybox:local"]);
    assert.notEqual(second?.Id, first?.Id);
    assert.deepEqual(others, []);

    const script =
      "test -u /bin/su || sed -n 1p /etc/passwd && cd ~ && pwd && ls -ld /tmp | cut -c1-10 && " +
      "/usr/bin/env | grep ^PATH= && /sbin/httpd --help 2>&1 | head -n 1 | cut -d' ' -f1";
    assert.equal(
      await machine.containerOutput(["sh", "-c", script]),
      "root:x:0:0:root:/root:/bin/sh\n/root\ndrwxrwxrwt\nPATH=/bin\nBusyBox\n",
    );
  },
);

engineTest(
  "busyboxImage() without a static busybox takes the image that is there, else says what is missing",
  async (machine) => {
    const env = { PATH: await machine.pathWithout("busybox") };
    assert.equal((await machine.engine(["busyboxImage"], { env })).code, 0);
    await machine.docker("DELETE", "/images/superorch/busybox:local");
    const refused = await machine.engine(["busyboxImage"], { env });
    assert.equal(
      refused.stderr,
      'Error: Cannot make the image "superorch/busybox:local": there is no static busybox on this ' +
        "machine; install busybox-static\n",
    );
    assert.equal(refused.code, 1);
    // One that needs the libraries of this machine is of no use in a container.
    await machine.sh('mkdir "$HOME/bin"; cp /bin/true "$HOME/bin/busybox"');
    const dynamic = { PATH: `${machine.home}/bin:${env.PATH}` };
    assert.equal((await machine.engine(["busyboxImage"], { env: dynamic })).code, 1);
  },
);

engineTest(
  "ensureBaseImages() takes a pulled image that is there, and makes one where no registry answers",
  async (machine) => {
    const made = await machine.engine(["ensureBaseImages"]);
    assert.equal(made.stdout, '{"busybox":"superorch/busybox:local"}\n', made.stderr);
    await machine.docker("DELETE", "/images/superorch/busybox:local");
    const again = await machine.engine(["ensureBaseImages", '{"registryTimeoutMs":2000}']);
    assert.equal(again.stdout, '{"busybox":"superorch/busybox:local"}\n', again.stderr);
    await machine.docker("POST", "/images/superorch/busybox:local/tag?repo=busybox&tag=stable");
    const pulled = await machine.engine(["ensureBaseImages"]);
    assert.equal(pulled.stdout, '{"busybox":"busybox:stable"}\n');
  },
);
