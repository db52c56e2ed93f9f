import assert from "node:assert/strict";
import { AUTO_SHELL, scriptLine } from "../../lib/buildr/mod.ts";
import { operatorAfterShell, suspiciousOperators } from "../../lib/buildr/manifest/script_line.ts";

/** Lines that the rule `auto` gives to a shell. */
const TO_SHELL = [
  "cd x && make",
  "a || b",
  "a | b",
  "a ; b",
  "a; b",
  "echo hi;",
  "make > out",
  "make >out",
  "make >>out",
  "make 2>&1",
  "make 2> err",
  "make 2>err",
  "cat < in",
  "cat <in",
  "cat <<EOF",
  "server & ./test",
  "sleep 1 &",
  "make &>all",
  "echo $FOO",
  "echo a$FOO/b",
  'echo "$FOO"',
  "echo ${FOO}",
  "echo $(date)",
  "echo `date`",
  'echo "`date`"',
  "X=1 make",
  'X="a b" make',
  "X+=1 make",
  "cd x",
  "export A=1",
  "set -x",
  "unset A",
  "source x",
  ". ./x",
  "eval x",
  "exec x",
  "exit 3",
  "command -v x",
  "trap x EXIT",
  "umask 022",
  "ulimit -n 1",
  "read x",
  "wait",
  "if true; then x; fi",
  "for i in a; do b; done",
  "while x; do y; done",
  "until x; do y; done",
  "case x in esac",
  "! false",
  "{ a; }",
  "(cd x)",
  "( cd x )",
  "make\nmake test",
  "sh script.sh && echo ok",
  "bash script.sh | tee log",
  "sh -e script.sh; b",
];

/** Lines whose words stay as they are, and the words. */
const EXACT: readonly (readonly [string, readonly string[]])[] = [
  ["make", ["make"]],
  ["  make   test  ", ["make", "test"]],
  ["make\n", ["make"]],
  ["echo 'a   b'", ["echo", "a   b"]],
  ["echo 'a && $b; `c`'", ["echo", "a && $b; `c`"]],
  ['echo "a && b"', ["echo", "a && b"]],
  ['echo ";"', ["echo", ";"]],
  ["echo http://h/?a=1&b=2", ["echo", "http://h/?a=1&b=2"]],
  ["grep -E a|b file", ["grep", "-E", "a|b", "file"]],
  ["echo a;b", ["echo", "a;b"]],
  ["find . -exec rm {} ;", ["find", ".", "-exec", "rm", "{}", ";"]],
  ["find . -exec rm {} \\;", ["find", ".", "-exec", "rm", "{}", ";"]],
  ["echo *.ts ~ # {a,b}", ["echo", "*.ts", "~", "#", "{a,b}"]],
  ["echo \\$FOO", ["echo", "$FOO"]],
  ["echo \\>", ["echo", ">"]],
  ['echo "\\$FOO"', ["echo", "\\$FOO"]],
  ['echo "\\"x\\\\"', ["echo", '"x\\']],
  ["echo $1 $? $$", ["echo", "$1", "$?", "$$"]],
  ["echo a'b'\"c\"d", ["echo", "abcd"]],
  ["echo ''", ["echo", ""]],
  ["cdrom", ["cdrom"]],
  ["env X=1 make", ["env", "X=1", "make"]],
  ["'cd' x", ["cd", "x"]],
  ['sh -c "echo $FOO; x=1; echo x=$x"', ["sh", "-c", "echo $FOO; x=1; echo x=$x"]],
  ["sh -c 'a && b' && c", ["sh", "-c", "a && b", "&&", "c"]],
  ["bash -euxc 'a | b'", ["bash", "-euxc", "a | b"]],
  ["bash -o pipefail -c 'a | b'", ["bash", "-o", "pipefail", "-c", "a | b"]],
  ["/bin/sh -e -c 'a; b'", ["/bin/sh", "-e", "-c", "a; b"]],
  ["dash -c 'a\nb'", ["dash", "-c", "a\nb"]],
];

Deno.test("the rule auto gives to a shell what only a shell understands", () => {
  for (const line of TO_SHELL) {
    assert.deepEqual(scriptLine(line), { argv: [...AUTO_SHELL, line], shell: true }, line);
  }
});

Deno.test("the rule auto keeps the exact words of everything else", () => {
  for (const [line, argv] of EXACT) {
    assert.deepEqual(scriptLine(line), { argv, shell: false }, line);
  }
});

Deno.test("without a shell every line keeps its words; with one every line goes there whole", () => {
  assert.deepEqual(scriptLine("echo $FOO && x", false), {
    argv: ["echo", "$FOO", "&&", "x"],
    shell: false,
  });
  assert.deepEqual(scriptLine("it's", ["bash", "-ec"]), {
    argv: ["bash", "-ec", "it's"],
    shell: true,
  });
});

Deno.test("a line that cannot be split says why and where", () => {
  const wrong: readonly (readonly [string, number])[] = [
    ["echo it's", 7],
    ['echo "x', 5],
    ["echo x\\", 6],
    ["  ", 0],
  ];
  for (const [line, offset] of wrong) {
    const result = scriptLine(line);
    assert.ok("problem" in result, line);
    assert.equal(result.offset, offset, line);
  }
});

Deno.test("operators that are easily meant but are none are found", () => {
  assert.deepEqual(suspiciousOperators("grep -E a|b x;y 'c|d'"), [9, 13]);
  assert.deepEqual(suspiciousOperators("sh -c 'a' a|b"), []);
  assert.equal(operatorAfterShell("sh -c 'a' && b"), 10);
  assert.equal(operatorAfterShell("sh -c 'a && b'"), undefined);
});
