internal import Concurrency
internal import Foundation
internal import Storage
internal import TensorFormats

/// Log lines on standard error, one JSON object per line.
public struct Log: Sendable {
    private let isSilent: Bool

    /// A log; a silent one writes nothing, for tests.
    public init(isSilent: Bool = false) { self.isSilent = isSilent }

    /// Something a user may want to know.
    public func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write("info", message, fields) }

    /// Something a user should look at.
    public func warning(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write("warning", message, fields) }

    /// Something that went wrong.
    public func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write("error", message, fields) }

    private func write(_ level: StaticString, _ message: String, _ fields: KeyValuePairs<String, String>) {
        guard !isSilent else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("time", Self.timestamp())
        writer.member("level", level)
        writer.member("message", message)
        for (key, value) in fields {
            writer.key(key)
            writer.write(value)
        }
        writer.endObject()
        writer.append(raw: "\n")
        // One write per line, so that lines of several threads do not mix.
        writer.withUnsafeBytes { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func timestamp() -> String {
        let now = WallClock.nanoseconds
        var seconds = time_t(now / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
            parts.tm_min, parts.tm_sec, now % 1_000_000_000 / 1_000_000)
    }
}

extension Log {
    /// Logs what was cut off a log, and whether it may have been acknowledged.
    func warning(cutting torn: TornEnd, model: String) {
        warning(
            "a log ended in an incomplete record, which was cut off",
            [
                "model": model, "file": torn.path, "offset": "\(torn.offset)", "bytes": "\(torn.byteCount)",
                "acknowledged": torn.mayHaveBeenAcknowledged ? "unknown" : "no", "reason": "\(torn)",
            ])
    }
}
