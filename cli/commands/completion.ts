import { Argument, type Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { completionScript, type Shell, shells } from '../output/completion-script.ts';

const hint = `
  bash   source <(millrace completion bash)                    in ~/.bashrc
  zsh    source <(millrace completion zsh)                     in ~/.zshrc, after compinit
  fish   millrace completion fish > ~/.config/fish/completions/millrace.fish
`;

/** `millrace completion`. */
export function addCompletion(program: Command, { terminal }: CommandContext): void {
  program
    .command('completion')
    .summary('Print what makes a shell complete the commands.')
    .description('Prints a script with which a shell completes commands and options.')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText('after', hint)
    .action((shell: Shell) => terminal.write(completionScript(shell, program)));
}
