import ClassifierService
import CommandSupport
import Foundation
import ModelHost

/// `accrue inspect`: shows the content of a snapshot, a checkpoint or a log.
enum InspectCommand: Command {
    static let name = "inspect"
    static let summary = "Describe a snapshot, a checkpoint or a log"
    static let usage = "FILE [--records]"
    static let operands: [Operand] = [.file]
    static let options = [Option("--records", nil, "list a log's records")]

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 1 else { throw UsageError("inspect needs one argument: the file") }
        let file = try StoredFile(arguments.words[0])
        let width = file.facts.map(\.name.count).max() ?? 0
        for fact in file.facts { print(fact.name.padding(toLength: width + 2, withPad: " ", startingAt: 0) + fact.value) }
        if !file.tensors.isEmpty {
            print("")
            let table = Table([("tensor", 26), ("type", 4), ("shape", 20)])
            table.printHeader()
            for tensor in file.tensors { table.printRow([tensor.name, tensor.type, "\(tensor.shape)"]) }
        }
        if arguments.has("--records"), !file.records.isEmpty {
            print("")
            let table = Table([("offset", 12), ("version", 9), ("requests", 8), ("rows", 9), ("change", 14)])
            table.printHeader()
            for record in file.records {
                table.printRow([
                    "\(record.offset)", "\(record.version)", "\(record.requests)", "\(record.rows)", record.change ?? "",
                ])
            }
        }
    }
}
