import CommandSupport

/// Completions for zsh, through `_arguments`.
struct ZshCompletion {
    private let commands: [any Command.Type]

    init(_ commands: [any Command.Type]) { self.commands = commands }

    var script: String {
        var text = """
            #compdef accrue
            # zsh completion for accrue: accrue completion zsh > "${fpath[1]}/_accrue"
            _accrue_models() {
                local -a models
                models=(${(f)"$(\(Operand.modelNames))"})
                _describe 'model' models
            }
            _accrue() {
                local -a commands
                commands=(

            """
        for command in commands { text += "        '\(command.name):\(plain(command.summary))'\n" }
        text += """
                    'help:Describe a command'
                )
                if ((CURRENT == 2)); then
                    _describe 'command' commands
                    return
                fi
                local command=${words[2]}
                shift words
                ((CURRENT--))
                case $command in

            """
        for command in commands {
            text += "        \(command.name))\n            _arguments '--help[describe the command]'"
            for option in command.options { text += " \\\n                \(specification(option))" }
            for (index, operand) in command.operands.enumerated() {
                text += " \\\n                '\(index + 1):\(name(operand)):\(action(operand))'"
            }
            text += "\n            ;;\n"
        }
        text += """
                    help) _describe 'command' commands ;;
                esac
            }
            if [ "$funcstack[1]" = "_accrue" ]; then _accrue "$@"; else compdef _accrue accrue; fi

            """
        return text
    }

    private func specification(_ option: Option) -> String {
        let help = plain(option.help).replacing("[", with: "(").replacing("]", with: ")")
        guard let operand = option.operand else { return "'\(option.name)[\(help)]'" }
        return "'\(option.name)=[\(help)]:\(plain(option.value ?? "")):\(action(operand))'"
    }

    /// Help without the characters that end a description.
    private func plain(_ text: String) -> String { Option("", nil, text).plainHelp.replacing(":", with: ",") }

    private func name(_ operand: Operand) -> String {
        switch operand {
        case .choice: "word"
        case .file: "file"
        case .directory: "directory"
        case .model: "model"
        case .text: "text"
        }
    }

    private func action(_ operand: Operand) -> String {
        switch operand {
        case .choice(let words): "(\(words.joined(separator: " ")))"
        case .file: "_files"
        case .directory: "_files -/"
        case .model: "_accrue_models"
        case .text: ""
        }
    }
}
