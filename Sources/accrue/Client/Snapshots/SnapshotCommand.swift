import CommandSupport
import Foundation
import TensorFormats

/// `accrue snapshot`: fetches a model's snapshot into a file.
enum SnapshotCommand: Command {
    static let name = "snapshot"
    static let summary = "Download a model's snapshot from a server"
    static let usage = "MODEL [FILE|-] [OPTIONS]"
    static let operands: [Operand] = [.model, .file]
    static let options =
        [
            Option("--parts", "all|weights", "everything, or what prediction needs (all)"), Option("--quiet", nil, "do not print progress"),
        ] + ClientSettings.options

    static func run(_ arguments: ParsedArguments) throws {
        guard (1...2).contains(arguments.words.count) else { throw UsageError("snapshot needs a model and takes at most one file") }
        let model = arguments.words[0]
        let path = arguments.words.count == 2 ? arguments.words[1] : "\(model).safetensors"
        let parts = arguments.text("--parts") ?? "all"
        guard parts == "all" || parts == "weights" else { throw UsageError("--parts must be all or weights, not \(parts)") }
        let client = ServiceClient(try ClientSettings(arguments))
        let report = ProgressReport(ProgressText(unit: .bytes), isQuiet: arguments.has("--quiet"))
        defer { report.finish() }
        let call = ServiceClient.path(model, "/snapshot" + (parts == "all" ? "" : "?parts=\(parts)"))
        if path == "-" { return try fetch(client, call, report, into: StandardOutput.write) }
        let size = try save(client, call, report, path)
        report.finish()
        if !arguments.has("--quiet") { print("\(path): \(ProgressText.bytes(size)), checksums verified") }
    }

    /// Fetches to a temporary file, checks it, and renames it into place: there is never a partial snapshot.
    private static func save(_ client: ServiceClient, _ call: String, _ report: ProgressReport, _ path: String) throws -> Int {
        var file: ReplacedFile?
        var size = 0
        _ = try client.call(
            "GET", call, isFirst: true,
            onHead: { head in
                // A retry starts from the beginning.
                (file, size) = (nil, 0)
                report.update { $0.total = (200..<300).contains(head.status) ? head.field("content-length").flatMap { Int($0) } : nil }
            },
            sink: { piece in
                if file == nil { file = try ReplacedFile(path) }
                try file?.append(piece)
                size += piece.count
                let done = size
                report.update { $0.done = done }
            })
        guard let file else { throw ServerUnavailable(description: "the server did not return a snapshot") }
        try file.withContents { bytes in
            do {
                try SafetensorsReader(bytes).verifyChecksums()
            } catch { throw ServerUnavailable(description: "the server's answer is not a complete snapshot: \(error)") }
        }
        try file.commit()
        return size
    }

    /// To a pipe: written data cannot be taken back, so it is fetched once.
    private static func fetch(
        _ client: ServiceClient, _ call: String, _ report: ProgressReport, into sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var (written, isBroken) = (0, false)
        _ = try client.call(
            "GET", call, isFirst: true,
            onHead: { head in
                isBroken = written > 0
                report.update { $0.total = head.field("content-length").flatMap { Int($0) } }
            },
            sink: { piece in
                guard !isBroken else { throw ServerUnavailable(description: "the connection broke after \(written) bytes") }
                try sink(piece)
                written += piece.count
                let done = written
                report.update { $0.done = done }
            })
    }
}
