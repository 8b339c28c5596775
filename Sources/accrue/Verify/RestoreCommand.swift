import ClassifierService
import CommandSupport
import Foundation
import ModelHost

/// `accrue restore`: restores a model to a snapshot on a server, or to an older checkpoint in a data directory that no server uses.
enum RestoreCommand: Command {
    static let name = "restore"
    static let summary = "Restore a model: on a server from a snapshot, or in a data directory from a checkpoint"
    static let usage = """
        MODEL FILE|- [OPTIONS]
               accrue restore DIR MODEL --version N
        """
    static let operands: [Operand] = [.model, .file]
    static let options =
        [
            Option(
                "--version", "N",
                "restore this checkpoint version in DIR while no server uses it; serve --keep-checkpoints keeps more than the newest"
            ),
            Option("--data", "DIR", "the data directory, instead of the first argument"), Option("--quiet", nil, "do not print progress"),
        ] + ClientSettings.options

    static func run(_ arguments: ParsedArguments) throws {
        let version = try arguments.integer("--version", in: 0...(.max))
        let directory = arguments.text("--data")
        guard let version else {
            guard directory == nil else { throw UsageError("--version is missing: the version of a checkpoint in \(directory!)") }
            guard arguments.words.count == 2 else {
                throw UsageError("restore needs a model and a snapshot, or a data directory, a model and --version")
            }
            return try SnapshotRestore.run(model: arguments.words[0], path: arguments.words[1], arguments)
        }
        if let option = ClientSettings.options.first(where: { arguments.has($0.name) }) {
            throw UsageError("--version is for a data directory, but \(option.name) is for a server")
        }
        let words = (directory.map { [$0] } ?? []) + arguments.words
        guard words.count == 2 else { throw UsageError("restore --version needs two arguments: the data directory and the model") }
        let new = try CheckpointRestoring.restore(words[0], model: words[1], version: version)
        print("\(words[1]) is restored to its state at version \(version), as version \(new)")
    }
}
