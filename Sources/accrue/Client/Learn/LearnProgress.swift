import CommandSupport
import Foundation
import TensorFormats

/// The progress of a `learn` run, stored in a small JSON file.
struct LearnProgress: Sendable, Equatable {
    var model: String
    var key: RunKey
    /// Rows of a full batch: the same rows must form the same batches when they are sent again.
    var batchRows: Int
    /// Batches and rows from the beginning that the server has acknowledged, without a gap.
    var batches = 0
    var rows = 0
    /// The hash of these rows.
    var hash = RowHash()
    /// The model's version after the last of them.
    var version = 0
    /// The model's rows then; nil if the file was written by an older program.
    var samples: Int?

    init(model: String, key: RunKey, batchRows: Int) {
        (self.model, self.key, self.batchRows) = (model, key, batchRows)
    }

    /// Reads a file.
    ///
    /// - Returns: nil if there is none.
    /// - Throws: `InputError` for an invalid file.
    init?(contentsOf path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else { throw InputError("\(path) cannot be read") }
        guard let object = try? data.withUnsafeBytes({ try JSONValue(parsing: $0) }).object, object["format"]?.int == 1,
            let model = object["model"]?.string, let text = object["key"]?.string, let key = try? RunKey(text),
            let batchRows = object["batch_rows"]?.int, let batches = object["batches"]?.int, let rows = object["rows"]?.int,
            let hash = object["hash"]?.string.flatMap({ UInt64($0, radix: 16) }), let version = object["version"]?.int,
            batchRows > 0, batches >= 0, rows >= 0
        else { throw InputError("\(path) is not a progress file of accrue learn") }
        (self.model, self.key, self.batchRows) = (model, key, batchRows)
        (self.batches, self.rows, self.hash, self.version) = (batches, rows, RowHash(hash), version)
        samples = object["samples"]?.int
    }

    /// Writes the file atomically: a crash leaves a complete one.
    func write(to path: String) throws {
        var object: JSONObject = [
            "format": .integer(1), "model": .string(model), "key": .string(key.description), "batch_rows": .integer(batchRows),
            "batches": .integer(batches), "rows": .integer(rows), "hash": .string(String(hash.value, radix: 16)),
            "version": .integer(version),
        ]
        if let samples { object["samples"] = .integer(samples) }
        let file = try ReplacedFile(path)
        try Array((JSONValue.object(object).description + "\n").utf8).withUnsafeBytes(file.append)
        try file.commit()
    }
}
