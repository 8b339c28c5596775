/// A command of the command line.
package protocol Command {
    /// The name on the command line.
    static var name: String { get }
    /// One line for the list of commands.
    static var summary: String { get }
    /// The arguments after the name, as in `[--port N]`.
    static var usage: String { get }
    static var options: [Option] { get }
    /// The operands after the name, in order: shells complete them.
    static var operands: [Operand] { get }
    /// Whether it multiplies matrices itself, and so needs a fast BLAS.
    static var computes: Bool { get }
    /// - Throws: `UsageError` for exit status 2, a `StatusError` for its own, any other error for 1.
    static func run(_ arguments: ParsedArguments) throws
}

extension Command {
    package static var operands: [Operand] { [] }
    package static var computes: Bool { false }

    /// The text of `--help`.
    package static var help: String {
        let width = (options.map(\.title.count).max() ?? 0) + 2
        var text = "\(summary)\n\nusage: accrue \(name) \(usage)\n\n"
        for option in options {
            text += "  " + option.title + String(repeating: " ", count: width - option.title.count) + option.help + "\n"
        }
        return text
    }
}

/// An option of a command.
package struct Option {
    /// With its dashes.
    package let name: String
    /// The placeholder for its value; nil for a flag.
    package let value: String?
    package let help: String

    package init(_ name: String, _ value: String? = nil, _ help: String) {
        self.name = name
        self.value = value
        self.help = help
    }

    var title: String { value.map { "\(name) \($0)" } ?? name }

    /// What the value can be completed to; nil for a flag.
    package var operand: Operand? {
        guard let value else { return nil }
        if value.hasSuffix("FILE") { return .file }
        if value == "DIR" { return .directory }
        return value.contains("|") && value == value.lowercased() ? .choice(value.split(separator: "|").map(String.init)) : .text
    }
}

/// The meaning of a word on the command line.
package enum Operand: Equatable {
    /// One of these.
    case choice([String])
    case file
    case directory
    /// A model on the server.
    case model
    case text
}

/// An invalid command line.
package struct UsageError: Error {
    package let message: String
    package init(_ message: String) { self.message = message }
}
