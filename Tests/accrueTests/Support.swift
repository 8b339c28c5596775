import AnalyticLearning
import Foundation
import TensorFormats
import Testing

@testable import CommandSupport
@testable import accrue

/// A directory removed with the value.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("accrue-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let path = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }
}

extension RowSource {
    /// Reads everything, `size` rows at a time.
    func readAll(_ size: Int = 1000) throws -> RowBatch {
        var all = RowBatch()
        while case let count = try read(size, into: &all), count > 0 { all.rows += count }
        return all
    }
}

extension RowBatch {
    var labelTexts: [String] { (0..<labels.count).map { labels[$0] } }
}

/// The message of the error that `body` throws.
func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return (error as? UsageError)?.message ?? "\(error)" }
    return "no error"
}

/// An input with the given options.
func input(_ path: String, _ options: String...) throws -> RowInput {
    try RowInput(ParsedArguments(options, options: RowInput.options), path: path)
}

extension Label: ExpressibleByStringInterpolation {
    /// A label written in a test.
    init(stringLiteral text: String) { self = try! Label(text) }
}
