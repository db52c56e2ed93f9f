import assert from "node:assert/strict";
import { Dockerfile, dockerfile, image } from "../../lib/containers/mod.ts";

Deno.test("the template takes common indentation away, and only that", () => {
  const source = dockerfile`
    FROM a

    RUN if true; then \
          echo "${1 + 1}"; \
        fi
  `;
  assert.equal(
    source.contents,
    'FROM a\n\nRUN if true; then \\\n      echo "2"; \\\n    fi\n',
  );
});

Deno.test("the template leaves escapes as they are written", () => {
  assert.equal(dockerfile`FROM a\nRUN printf '\t'`.contents, "FROM a\\nRUN printf '\\t'\n");
});

Deno.test("a value of several lines does not change the indentation of the rest", () => {
  const lines = "RUN one\nRUN two";
  assert.equal(
    dockerfile`
      FROM a
      ${lines}
      RUN three
    `.contents,
    "FROM a\nRUN one\nRUN two\nRUN three\n",
  );
});

Deno.test("an empty template is an empty Dockerfile", () => {
  assert.equal(dockerfile``.contents, "\n");
  assert.equal(dockerfile`   `.contents, "\n");
});

Deno.test("steps are added to whatever there is", () => {
  const onto = Dockerfile.addBuildSteps(image("a:1"), "RUN x", "RUN y");
  assert.equal(onto.contents, "FROM a:1\nRUN x\nRUN y\n");
  assert.equal(Dockerfile.addBuildSteps(onto, "RUN z").contents, "FROM a:1\nRUN x\nRUN y\nRUN z\n");
  const file = Dockerfile.addBuildSteps(Dockerfile.path("d/Dockerfile", { target: "t" }), "RUN z");
  assert.deepEqual(file, {
    kind: "dockerfile",
    path: "d/Dockerfile",
    target: "t",
    contents: "RUN z\n",
  });
});
