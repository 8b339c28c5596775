import ClassifierService
import Foundation

/// `accrue restore`: takes a model back to an older checkpoint of its data directory.
enum RestoreCommand: Command {
    static let name = "restore"
    static let summary = "Take a model in a data directory back to an older checkpoint"
    static let usage = "DIR MODEL --version N"
    static let options = [Option("--version", "N", "the checkpoint's version; serve --keep-checkpoints keeps more than the newest")]

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 2 else { throw UsageError("restore takes two words, the data directory and the model") }
        guard let version = try arguments.integer("--version", in: 0...(.max)) else { throw UsageError("--version is missing") }
        let new = try CheckpointRestoring.restore(arguments.words[0], model: arguments.words[1], version: version)
        print("\(arguments.words[1]) is as it was at version \(version), and this is version \(new)")
    }
}
