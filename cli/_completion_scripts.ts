import { ownCommand, shellQuote } from "./own_command.ts";

/** The shells that words can be completed in. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = typeof SHELLS[number];

/**
 * Writes what makes a shell ask this very program for completions. What a person has typed is
 * handed over as words and never evaluated.
 *
 * @param shell Whose language.
 * @param names Names of this program that are completed.
 * @returns The script.
 */
export function completionScript(shell: Shell, names: readonly string[]): string {
  // The program is named by its place: another one may be first in PATH under one of the names.
  const { executable, args } = ownCommand();
  const command = [executable, ...args, "__complete"].map(shellQuote).join(" ");
  return { bash, zsh, fish }[shell](command, names);
}

// Works without the package bash-completion, and with bash 3.2, which has no compopt.
const bash = (command: string, names: readonly string[]) =>
  `# bash completion for ${names.join(" ")}
_superorch() {
  local reply line others=
  COMPREPLY=()
  reply=$(${command} bash "$1" "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null) || return 0
  while IFS= read -r line; do
    if [ -z "$others" ]; then
      others=$line
    else
      COMPREPLY+=("$line")
    fi
  done <<<"$reply"
  if type compopt >/dev/null 2>&1; then
    case $others in
      files) ;;
      directories) compopt +o bashdefault +o default -o dirnames ;;
      *) compopt +o bashdefault +o default ;;
    esac 2>/dev/null
  fi
}
complete -o bashdefault -o default -F _superorch ${names.join(" ")}
`;

const zsh = (command: string, names: readonly string[]) =>
  `#compdef ${names.join(" ")}
# zsh completion for ${names.join(" ")}
_superorch() {
  local -a lines items
  local line others
  lines=("\${(@f)$(${command} zsh "$words[1]" "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  others=$lines[1]
  for line in "\${(@)lines[2,-1]}"; do
    items+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#items )) && _describe 'superorch' items
  case $others in
    files) _files ;;
    directories) _files -/ ;;
  esac
}
if [ "$funcstack[1]" = _superorch ]; then
  _superorch "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _superorch ${names.join(" ")}
fi
`;

const fish = (command: string, names: readonly string[]) =>
  `# fish completion for ${names.join(" ")}
function __superorch_complete
  set -l tokens (commandline -opc)
  set -l current (commandline -ct)
  set -l name $tokens[1]
  set -e tokens[1]
  set -l lines (${command} fish "$name" $tokens "$current" 2>/dev/null)
  test (count $lines) -gt 1; and printf '%s\\n' $lines[2..-1]
  switch "$lines[1]"
    case files
      __fish_complete_path "$current"
    case directories
      __fish_complete_directories "$current"
  end
end
${names.map((name) => `complete -c ${name} -f -a '(__superorch_complete)'`).join("\n")}
`;
