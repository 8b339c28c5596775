import CommandSupport

/// Completions for fish.
struct FishCompletion {
    private let commands: [any Command.Type]

    init(_ commands: [any Command.Type]) { self.commands = commands }

    var script: String {
        var text = """
            # fish completion for accrue: accrue completion fish > ~/.config/fish/completions/accrue.fish
            complete -c accrue -f
            complete -c accrue -n __fish_use_subcommand -l version -d 'Print the version'
            complete -c accrue -n __fish_use_subcommand -a help -d 'Describe a command'
            complete -c accrue -l help -d 'Describe the command'

            """
        for command in commands {
            let isChosen = "'__fish_seen_subcommand_from \(command.name)'"
            text += "complete -c accrue -n __fish_use_subcommand -a \(command.name) -d '\(Option("", nil, command.summary).plainHelp)'\n"
            for option in command.options {
                text += "complete -c accrue -n \(isChosen) -l \(option.name.dropFirst(2)) -d '\(option.plainHelp)'"
                text += (option.operand.map { $0 == .file ? " -r -F" : " -x \(arguments($0))" } ?? "") + "\n"
            }
            for operand in command.operands where operand != .text {
                text += "complete -c accrue -n \(isChosen) \(arguments(operand))\n"
            }
        }
        text += "complete -c accrue -n '__fish_seen_subcommand_from help' -a '\(commands.map { $0.name }.joined(separator: " "))'\n"
        return text
    }

    private func arguments(_ operand: Operand) -> String {
        switch operand {
        case .choice(let words): "-a '\(words.joined(separator: " "))'"
        case .file: "-F"
        case .directory: "-a '(__fish_complete_directories)'"
        case .model: "-a '(\(Operand.modelNames))'"
        case .text: ""
        }
    }
}
