import ClassifierService
import CommandSupport
import Foundation
import ModelHost

/// `accrue verify`: audits a data directory without the learner that wrote it.
enum VerifyCommand: Command {
    static let name = "verify"
    static let computes = true
    static let summary = "Audit a data directory: solve every model again and compare"
    static let usage = "DIR"
    static let operands: [Operand] = [.directory]
    static let options: [Option] = []

    /// A mismatch, which the table has already shown.
    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.count == 1 else { throw UsageError("verify needs one argument: the data directory") }
        let table = Table([
            ("model", 20), ("version", 9), ("rows", 11), ("logged", 9), ("classes", 7), ("residual", 9), ("difference", 10),
            ("condition", 9), ("", 8),
        ])
        table.printHeader()
        var mismatches: [String] = []
        var count = 0
        var unknown = 0
        try ModelAudit.run(arguments.words[0]) { audit in
            count += 1
            table.printRow([
                audit.name, "\(audit.version)", "\(audit.rows)", "\(audit.loggedRows)", "\(audit.classes)",
                String(format: "%.1e", audit.residual), String(format: "%.1e", audit.difference),
                String(format: "%.1e", audit.conditionEstimate), audit.mismatches.isEmpty ? "ok" : "MISMATCH",
            ])
            mismatches += audit.mismatches.map { "\(audit.name): \($0)" }
            guard let torn = audit.tornEnd else { return }
            print("  \(torn)")
            if audit.mayHaveLostRecord { unknown += 1 }
        }
        guard mismatches.isEmpty else { throw Mismatch(description: mismatches.joined(separator: "\n")) }
        let doubt = unknown > 0 ? ", but \(unknown) may have lost an acknowledged record at the end of the log" : ""
        print("\n\(count) models, all as they were written\(doubt)")
    }
}
