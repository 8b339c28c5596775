import Concurrency
import Foundation

@testable import ClassifierService

/// The built `accrue` next to the test bundle.
struct Executable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    struct Outcome: Sendable {
        /// The exit status; minus the signal's number if a signal ended the process.
        var status: Int32
        var output: String
        var errors: String
    }

    private let process = Process()
    private let output: Drain
    private let errors: Drain

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - environment: added to that of the tests.
    ///   - removed: removed from it.
    ///   - fileBlocks: the most blocks, of 512 bytes or 1024, in a file that it writes; nil for no limit.
    ///   - threadLimit: its most threads, as a user other than root, who has no limit; nil for no limit.
    init(
        _ arguments: [String], environment: [String: String] = [:], without removed: [String] = [], fileBlocks: Int? = nil,
        threadLimit: (threads: Int, user: Int)? = nil
    ) throws {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("accrue")
        guard FileManager.default.isExecutableFile(atPath: path.path) else { throw Failure(description: "\(path.path) is not there") }
        process.executableURL = path
        process.arguments = arguments
        if let fileBlocks {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "ulimit -f \(fileBlocks) && exec \"$@\"", "sh", path.path] + arguments
        }
        if let threadLimit {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments =
                ["--reuid=\(threadLimit.user)", "--clear-groups", "prlimit", "--nproc=\(threadLimit.threads)", path.path] + arguments
        }
        process.environment = ProcessInfo.processInfo.environment.filter { !removed.contains($0.key) }.merging(environment) { $1 }
        let (input, out, err) = (Pipe(), Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = out
        process.standardError = err
        try process.run()
        input.fileHandleForWriting.closeFile()
        output = Drain(out.fileHandleForReading)
        errors = Drain(err.fileHandleForReading)
    }

    /// Runs the program to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try Executable(arguments, environment: environment).wait()
    }

    /// Waits for the end. After a timeout the process is killed, and its status is that of the signal.
    func wait() -> Outcome {
        let identifier = process.processIdentifier
        let watchdog = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 1800, execute: watchdog)
        process.waitUntilExit()
        watchdog.cancel()
        let status = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Outcome(status: status, output: output.text, errors: errors.text)
    }

    /// Waits for the first line on standard output.
    func firstLine() throws -> String {
        guard let line = output.firstLine() else { throw Failure(description: "no line on standard output; \(errors.text)") }
        return line
    }

    /// Waits for words on standard error.
    ///
    /// - Returns: false if the process ended without them.
    func waitForErrors(containing words: String) -> Bool { errors.wait { $0.contains(words) } }

    /// The environment that it runs in now.
    func currentEnvironment() throws -> [String: String] {
        // Such a file has a reported size of 0, and Foundation reads no more than that of some.
        let path = "/proc/\(process.processIdentifier)/environ"
        guard let handle = FileHandle(forReadingAtPath: path), let data = try handle.readToEnd() else {
            throw Failure(description: "\(path) cannot be read")
        }
        let pairs = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self).split(separator: "=", maxSplits: 1) }
        return Dictionary(pairs.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }) { first, _ in first }
    }

    /// The system's number of the process.
    var identifier: Int32 { process.processIdentifier }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Reads a pipe on its own thread, so that the process never waits for us.
    private final class Drain: Sendable {
        private let monitor = Monitor()
        private let state = Guarded<(data: [UInt8], isAtEnd: Bool)>(([], false))

        init(_ handle: FileHandle) {
            let descriptor = dup(handle.fileDescriptor)
            Thread.detachNewThread { [self] in
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    let count = read(descriptor, &buffer, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    monitor.withLock {
                        state.withLock { state in
                            if count > 0 { state.data += buffer[..<count] } else { state.isAtEnd = true }
                        }
                        monitor.broadcast()
                    }
                    if count <= 0 { break }
                }
                close(descriptor)
            }
        }

        /// The whole text, after the end.
        var text: String {
            monitor.withLock {
                while !state.withLock({ $0.isAtEnd }) { _ = monitor.wait(until: nil) }
                return String(decoding: state.withLock { $0.data }, as: UTF8.self)
            }
        }

        func firstLine() -> String? {
            var line: Substring?
            _ = wait { text in
                line = text.firstIndex(of: "\n").map { text[..<$0] }
                return line != nil
            }
            return line.map(String.init)
        }

        /// Waits until the text so far is as wanted.
        ///
        /// - Returns: false if the text ended first.
        func wait(until isWanted: (String) -> Bool) -> Bool {
            monitor.withLock {
                while true {
                    let (data, isAtEnd) = state.withLock { ($0.data, $0.isAtEnd) }
                    if isWanted(String(decoding: data, as: UTF8.self)) { return true }
                    if isAtEnd { return false }
                    _ = monitor.wait(until: nil)
                }
            }
        }
    }
}
