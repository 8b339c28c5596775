import CommandSupport
import Foundation

/// A server in its own process: this program's `serve`, on a free port of the loopback interface, so that the client is not measured with
/// it.
final class ServedProcess {
    private let process = Process()
    let port: UInt16

    /// Starts the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - computeThreads: as for `serve`; nil for its default.
    ///   - arguments: further options of `serve`.
    init(computeThreads: Int?, arguments: [String] = []) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["serve", "--port", "0"] + (computeThreads.map { ["--compute-threads", "\($0)"] } ?? []) + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // listening on http://127.0.0.1:PORT
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            guard let byte = try output.fileHandleForReading.read(upToCount: 1)?.first else {
                throw BenchError("the server did not start")
            }
            line.append(byte)
        }
        let text = String(decoding: line.dropLast(), as: UTF8.self)
        guard let number = text.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw BenchError("the server's first line is \"\(text)\"")
        }
        port = number
    }

    deinit { stop() }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// Ends the server as a crash would.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func client() -> HTTPClient { HTTPClient(host: "127.0.0.1", port: port) }

    /// Its peak memory so far, in bytes (`VmHWM`).
    func peakMemory() throws -> Int { try memory(of: "VmHWM") }

    /// A figure of its memory as the system says it, in bytes.
    ///
    /// - Parameter key: `VmHWM`, `VmRSS`, `RssAnon` …
    func memory(of key: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        for line in status.split(separator: "\n") where line.hasPrefix(key + ":") {
            if let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) }) {
                return kilobytes << 10
            }
        }
        throw BenchError("the system does not report the memory of a process")
    }

    /// Restarts `peakMemory` from the memory held now.
    func forgetPeakMemory() throws {
        try "5".write(toFile: "/proc/\(process.processIdentifier)/clear_refs", atomically: false, encoding: .utf8)
    }
}
