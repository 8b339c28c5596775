import CommandSupport

/// Completions for bash: a few functions, independent of the package bash-completion.
struct BashCompletion {
    private let commands: [any Command.Type]

    init(_ commands: [any Command.Type]) { self.commands = commands }

    var script: String {
        let names = commands.map { $0.name } + ["help"]
        var text = """
            # bash completion for accrue: source <(accrue completion bash)
            # The words as they were typed, up to the cursor: readline also cuts them at ':' and '='.
            _accrue_words() {
                local rest=${COMP_LINE:0:COMP_POINT} index piece
                words=()
                for ((index = 0; index <= COMP_CWORD; index++)); do
                    piece=${COMP_WORDS[index]}
                    if ((index == 0)) || [[ $rest == [[:blank:]]* ]]; then words+=(""); fi
                    rest=${rest#"${rest%%[![:blank:]]*}"}
                    if ((index == COMP_CWORD)); then piece=$rest; fi
                    words[${#words[@]}-1]+=$piece
                    rest=${rest#"$piece"}
                done
            }
            # A line each of standard input, where it begins with the word.
            _accrue_lines() {
                local line
                while IFS= read -r line; do
                    if [[ $line == "$current"* ]]; then COMPREPLY+=("$line"); fi
                done
            }
            _accrue_files() {
                compopt -o filenames 2>/dev/null
                local path=$current
                # As it was typed; what the quotes say is what the name is.
                if [[ $path == [\\"\\']* ]]; then path=${path:1}; else path=${path//\\\\/}; fi
                mapfile -t COMPREPLY < <(compgen "$1" -- "$path")
            }
            _accrue() {
                local -a words
                _accrue_words
                local count=$((${#words[@]} - 1))
                local typed=${words[count]} command=${words[1]} operand=0 index word
                local current=$typed previous=${words[count-1]}
                # --option=value is as good as --option value.
                if [[ $typed == --*=* ]]; then
                    previous=${typed%%=*}
                    current=${typed#*=}
                fi
                COMPREPLY=()
                _accrue_reply
                # Readline replaces what comes after the last character that it cuts words at.
                local opening=${typed%"$current"} cut=
                for ((index = 0; index < ${#typed}; index++)); do
                    word=${typed:index:1}
                    if [[ $word == [:=] && $COMP_WORDBREAKS == *"$word"* ]]; then cut=${typed:0:index+1}; fi
                done
                for index in "${!COMPREPLY[@]}"; do
                    word=$opening${COMPREPLY[index]}
                    COMPREPLY[index]=${word#"$cut"}
                done
            }
            _accrue_reply() {
                if ((count == 1)); then
                    \(offer(names + ["--help", "--version"]))
                    return
                fi
                case $command in

            """
        for command in commands { text += branch(command) }
        text += """
                    help) if ((count == 2)); then \(offer(commands.map { $0.name })); fi ;;
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
        text += """
                        if [[ $current == -?* ]]; then
                            \(offer(command.options.map(\.name) + ["--help"]))
                            return
                        fi

            """
        guard !command.operands.isEmpty else { return text + "            ;;\n" }
        // Counts the words before this one that are neither options nor their values.
        let skipped = valued.map(\.name).joined(separator: "|")
        text += "            for ((index = 2; index < count; index++)); do\n"
        text += "                word=${words[index]}\n"
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

    private func offer(_ words: [String]) -> String { "_accrue_lines < <(printf '%s\\n' \(words.joined(separator: " ")))" }

    private func reply(_ operand: Operand) -> String {
        switch operand {
        case .choice(let words): offer(words)
        case .file: "_accrue_files -f"
        case .directory: "_accrue_files -d"
        case .model: "_accrue_lines < <(\(Operand.modelNames))"
        case .text: "COMPREPLY=()"
        }
    }
}
