import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

type Word = { readonly word: string; readonly description: string; readonly choices: readonly string[] };

/** What may follow a command: `''` for the program, `topics create` for a command below. */
type Node = { readonly path: string; readonly commands: readonly Word[]; readonly options: readonly Word[] };

const firstSentence = (text: string): string => text.split('\n')[0] ?? '';

/** The tree of commands as rows, each with the words that can come after it. */
export function completionNodes(command: Command, path = ''): Node[] {
  const below = command.commands.map((child) => ({
    word: child.name(),
    description: firstSentence(child.summary() || child.description()),
    choices: [],
  }));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const options = command.options.flatMap((option) =>
    [option.long, option.short].flatMap((flag): Word[] =>
      flag
        ? [{ word: flag, description: firstSentence(option.description), choices: option.argChoices ?? [] }]
        : [],
    ),
  );
  return [
    {
      path,
      commands: [...below, ...choices.map((word) => ({ word, description: '', choices: [] }))],
      options: [...options, { word: '--help', description: 'show how it is used', choices: [] }],
    },
    ...command.commands.flatMap((child) => completionNodes(child, `${path} ${child.name()}`.trim())),
  ];
}

/** The script of a shell. */
export function completionScript(shell: Shell, program: Command): string {
  const nodes = completionNodes(program);
  return { bash, zsh, fish }[shell](nodes);
}

const words = (list: readonly Word[]): string => list.map(({ word }) => word).join(' ');
const quoted = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

/** `--format=text json` pairs of a node: what an option may be given. */
const choicesOf = ({ options }: Node): readonly Word[] => options.filter(({ choices }) => choices.length > 0);

/** Finds the deepest command in the words so far, as both bash and zsh do. */
const findPath = (nodes: readonly Node[], wordsSoFar: string): string => `
  local at='' word
  for word in ${wordsSoFar}; do
    case "\${at:+$at }$word" in
      ${nodes
        .filter(({ path }) => path !== '')
        .map(({ path }) => quoted(path))
        .join(' | ')})
        at="\${at:+$at }$word" ;;
    esac
  done`;

const bash = (nodes: readonly Node[]): string => `# bash completion of millrace
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  ${findPath(nodes, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`).trim()}
  local candidates=''
  case "$at/$previous" in
${nodes
  .flatMap((node) =>
    choicesOf(node).map(
      ({ word, choices }) =>
        `    ${quoted(`${node.path}/${word}`)}) candidates=${quoted(choices.join(' '))} ;;`,
    ),
  )
  .join('\n')}
    *) case "$at" in
${nodes
  .map(
    (node) =>
      `      ${quoted(node.path)}) [[ $current == -* ]] && candidates=${quoted(words(node.options))} || candidates=${quoted(words(node.commands))} ;;`,
  )
  .join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  [[ \${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _millrace millrace
`;

const described = (list: readonly Word[]): string =>
  list.map(({ word, description }) => quoted(`${word.replace(/:/g, '\\:')}:${description}`)).join(' ');

const zsh = (nodes: readonly Node[]): string => `#compdef millrace
_millrace() {
  ${findPath(nodes, `"\${(@)words[2,CURRENT-1]}"`).trim()}
  local -a commands options
  case "$at" in
${nodes
  .map(
    (node) => `    ${quoted(node.path)})
      commands=(${described(node.commands)})
      options=(${described(node.options)}) ;;`,
  )
  .join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
  elif (( \${#commands} )); then
    _describe command commands
  else
    _files
  fi
}
compdef _millrace millrace
`;

const fish = (nodes: readonly Node[]): string => {
  const lines = ['# fish completion of millrace', 'complete -c millrace -f'];
  for (const node of nodes) {
    const condition = node.path === '' ? '__fish_use_subcommand' : `__millrace_at ${node.path}`;
    for (const { word, description } of node.commands)
      lines.push(`complete -c millrace -n ${quoted(condition)} -a ${quoted(word)} -d ${quoted(description)}`);
    for (const { word, description, choices } of node.options) {
      const flag = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
      const values = choices.length > 0 ? ` -xa ${quoted(choices.join(' '))}` : '';
      lines.push(`complete -c millrace -n ${quoted(condition)} ${flag}${values} -d ${quoted(description)}`);
    }
  }
  return `${fishHelper}\n${lines.join('\n')}\n`;
};

/** True when the words so far, without options, begin with the given commands. */
const fishHelper = `function __millrace_at
  set -l given (string match -v -- '-*' (commandline -opc)[2..-1])
  test (count $given) -ge (count $argv); or return 1
  test "$given[1..(count $argv)]" = "$argv"; or return 1
end`;
