internal import Concurrency
internal import Foundation
internal import HTTPServer
internal import TensorFormats

/// One JSON line per request. Event loops put lines into memory; a separate thread writes them, so that no request waits for a disk. If the
/// disk falls behind, lines are dropped, and a line counts them.
///
/// `@unchecked Sendable`: all state is accessed with `monitor` locked, except `descriptor`, which only the thread uses.
final class AccessLog: @unchecked Sendable {
    /// Octets that may wait for the disk.
    private static let maximumWaiting = 4 << 20

    private let path: String
    private let monitor = Monitor()
    private var writer = JSONWriter()
    private var dropped = 0
    private var mustReopen = false
    private var isStopping = false
    private let hasEnded = DispatchSemaphore(value: 0)
    private var descriptor: Int32

    /// Opens the file for appending; `-` is standard error.
    ///
    /// - Throws: `AccessError`.
    init(_ path: String) throws(AccessError) {
        self.path = path
        descriptor = Self.open(path)
        guard descriptor >= 0 else { throw AccessError("\(path): \(String(cString: strerror(errno)))") }
        do throws(ThreadError) {
            try Threads.start("access-log") { [self] in run() }
        } catch {
            close(descriptor)
            throw AccessError("\(path): \(error)")
        }
    }

    private static func open(_ path: String) -> Int32 {
        path == "-" ? dup(STDERR_FILENO) : Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
    }

    /// Adds a line. Never blocks on the file.
    func note(_ record: borrowing AccessRecord) {
        monitor.withLock {
            guard writer.count < Self.maximumWaiting else { return dropped += 1 }
            if writer.count == 0 { monitor.signal() }
            Self.write(record, &writer)
        }
    }

    /// Reopens the file after it was renamed.
    func reopen() {
        monitor.withLock {
            mustReopen = true
            monitor.signal()
        }
    }

    /// Writes the waiting lines, and ends.
    ///
    /// - Parameter seconds: the longest wait: if the file is a pipe, it may have no reader.
    func stop(within seconds: Double) {
        monitor.withLock {
            isStopping = true
            monitor.signal()
        }
        // A second stop then returns at once.
        if hasEnded.wait(timeout: .now() + max(0, seconds)) == .success { hasEnded.signal() }
    }

    private static func write(_ record: borrowing AccessRecord, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("time")
        writeTime(record.time, &writer)
        writer.key("id")
        record.id.withBytes { writer.write(utf8: $0) }
        writer.key("peer")
        record.peer.withHost { writer.write(utf8: $0) }
        writer.key("method")
        if let method = record.method { writer.write(method.name) } else { writer.writeNull() }
        writer.key("path")
        // The parser accepts only RFC 3986's ASCII in a path.
        record.path.withUnsafeBytes { writer.write(utf8: $0) }
        writer.key("status")
        if let status = record.status { writer.write(Int(status.code)) } else { writer.writeNull() }
        writer.member("bytes", record.bytes)
        writer.member("duration_us", Int(record.duration / 1000))
        if !record.isComplete {
            writer.member("complete", false)
        }
        writer.endObject()
        writer.append(raw: "\n")
    }

    /// As `2026-01-31T12:34:56.789Z`.
    private static func writeTime(_ nanoseconds: Int64, _ writer: inout JSONWriter) {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
            var at = 0
            func put(_ value: Int, _ digits: Int, _ separator: Unicode.Scalar) {
                var rest = value
                for place in (0..<digits).reversed() {
                    text[at + place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                text[at + digits] = UInt8(truncatingIfNeeded: separator.value)
                at += digits + 1
            }
            put(Int(parts.tm_year) + 1900, 4, "-")
            put(Int(parts.tm_mon) + 1, 2, "-")
            put(Int(parts.tm_mday), 2, "T")
            put(Int(parts.tm_hour), 2, ":")
            put(Int(parts.tm_min), 2, ":")
            put(Int(parts.tm_sec), 2, ".")
            put(Int(nanoseconds % 1_000_000_000 / 1_000_000), 3, "Z")
            writer.write(utf8: UnsafeRawBufferPointer(text))
        }
    }

    // MARK: The thread

    private func run() {
        var batch = JSONWriter()
        while true {
            let (left, reopening, ending) = monitor.withLock { () -> (Int, Bool, Bool) in
                while writer.count == 0, !mustReopen, !isStopping { _ = monitor.wait(until: nil) }
                swap(&batch, &writer)
                defer { (dropped, mustReopen) = (0, false) }
                return (dropped, mustReopen, isStopping && batch.count == 0)
            }
            if left > 0 { Self.writeDropped(left, &batch) }
            batch.withUnsafeBytes { writeAll($0) }
            batch.removeAll()
            if reopening { openAgain() }
            if ending { break }
        }
        close(descriptor)
        hasEnded.signal()
    }

    private static func writeDropped(_ count: Int, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("time")
        writeTime(WallClock.nanoseconds, &writer)
        writer.member("dropped", count)
        writer.endObject()
        writer.append(raw: "\n")
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) {
        var sent = 0
        while sent < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
            if count < 0, errno == EINTR { continue }
            // A full disk costs lines of the log, not the service.
            guard count > 0 else { return }
            sent += count
        }
    }

    private func openAgain() {
        let fresh = Self.open(path)
        guard fresh >= 0 else { return }
        close(descriptor)
        descriptor = fresh
    }
}
