import CommandSupport

/// `accrue completion`: prints a script with which a shell completes this program's commands, options and values.
enum CompletionCommand: Command {
    static let name = "completion"
    static let summary = "Print completions for a shell"
    static let usage = "bash|zsh|fish"
    static let operands: [Operand] = [.choice(["bash", "zsh", "fish"])]
    static let options: [Option] = []

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 1 else { throw UsageError("completion needs one argument, the shell: bash, zsh or fish") }
        let text: String
        switch arguments.words[0] {
        case "bash": text = BashCompletion(Accrue.commands).script
        case "zsh": text = ZshCompletion(Accrue.commands).script
        case "fish": text = FishCompletion(Accrue.commands).script
        default: throw UsageError("there are completions for bash, zsh and fish, not \(arguments.words[0])")
        }
        print(text, terminator: "")
    }
}

extension Operand {
    /// The command that prints the names of the server's models.
    static let modelNames = "accrue models list --names --retries 0 --timeout 2 2>/dev/null"
}

extension Option {
    /// The help without characters that are special to a shell.
    var plainHelp: String { help.filter { $0 != "'" && $0 != "\\" && $0 != "`" && $0 != "$" } }
}
