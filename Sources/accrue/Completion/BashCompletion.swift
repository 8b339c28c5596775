/// Completions for bash: one function, without the package bash-completion.
struct BashCompletion {
    private let commands: [any Command.Type]

    init(_ commands: [any Command.Type]) { self.commands = commands }

    var script: String {
        let names = commands.map { $0.name } + ["help"]
        var text = """
            # bash completion for accrue: source <(accrue completion bash)
            _accrue() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}
                local operand=0 index word
                COMPREPLY=()
                if ((COMP_CWORD == 1)); then
                    COMPREPLY=($(compgen -W '\(names.joined(separator: " ")) --help --version' -- "$current"))
                    return
                fi
                case $command in

            """
        for command in commands { text += branch(command) }
        text += """
                    help) ((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W '\(commands.map { $0.name }.joined(separator: " "))' -- "$current")) ;;
                esac
            }
            complete -o bashdefault -F _accrue accrue

            """
        return text
    }

    private func branch(_ command: any Command.Type) -> String {
        let valued = command.options.filter { $0.value != nil }
        var text = "        \(command.name))\n"
        if !valued.isEmpty {
            text += "            case $previous in\n"
            for option in valued { text += "                \(option.name)) \(reply(option.operand ?? .text)); return ;;\n" }
            text += "            esac\n"
        }
        let all = (command.options.map(\.name) + ["--help"]).joined(separator: " ")
        text += """
                        if [[ $current == -?* ]]; then
                            COMPREPLY=($(compgen -W '\(all)' -- "$current"))
                            return
                        fi

            """
        guard !command.operands.isEmpty else { return text + "            ;;\n" }
        // How many words stand before this one that are neither options nor their values.
        let skipped = valued.map(\.name).joined(separator: "|")
        text += "            for ((index = 2; index < COMP_CWORD; index++)); do\n"
        text += "                word=${COMP_WORDS[index]}\n"
        text += "                case $word in\n"
        if !skipped.isEmpty { text += "                    \(skipped)) ((index++)) ;;\n" }
        text += "                    -?*) ;;\n"
        text += "                    *) ((operand++)) ;;\n"
        text += "                esac\n"
        text += "            done\n"
        text += "            case $operand in\n"
        for (index, operand) in command.operands.enumerated() { text += "                \(index)) \(reply(operand)) ;;\n" }
        return text + "            esac\n            ;;\n"
    }

    private func reply(_ operand: Operand) -> String {
        switch operand {
        case .choice(let words): "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$current\"))"
        case .file: "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\"))"
        case .directory: "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$current\"))"
        case .model: "COMPREPLY=($(compgen -W \"$(\(Operand.modelNames))\" -- \"$current\"))"
        case .text: "COMPREPLY=()"
        }
    }
}
