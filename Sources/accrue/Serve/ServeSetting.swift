import ClassifierService
import CommandSupport
import Foundation
import HTTPServer
import ModelHost
import TensorFormats

/// One setting of `serve`: an option of the command line, and a key of the configuration file.
struct ServeSetting {
    /// The kind of value, and how to set it.
    enum Value {
        case flag(@Sendable (inout ServeSettings, Bool) -> Void)
        case text(@Sendable (inout ServeSettings, String) -> Void)
        /// Separated by commas on the command line; an array in the file.
        case list(@Sendable (inout ServeSettings, [String]) -> Void)
        case count(ClosedRange<Int>, @Sendable (inout ServeSettings, Int) -> Void)
        case bytes(@Sendable (inout ServeSettings, Int) -> Void)
        case seconds(@Sendable (inout ServeSettings, Double) -> Void)
    }

    let name: String
    private let placeholder: String?
    private let help: String
    private let value: Value

    private init(_ name: String, _ placeholder: String?, _ help: String, _ value: Value) {
        self.name = name
        self.placeholder = placeholder
        self.help = help
        self.value = value
    }

    var option: Option { Option("--" + name, placeholder, help) }

    /// The key of the configuration file.
    var key: String { name.replacingOccurrences(of: "-", with: "_") }

    /// Applies the command line's value, if there is one.
    ///
    /// - Throws: `UsageError` naming the option.
    func read(_ arguments: ParsedArguments, into settings: inout ServeSettings) throws {
        let name = "--" + name
        switch value {
        case .flag(let set): if arguments.has(name) { set(&settings, true) }
        case .text(let set): if let text = arguments.text(name) { set(&settings, text) }
        case .list(let set): if let text = arguments.text(name) { set(&settings, Self.list(text)) }
        case .count(let range, let set): if let count = try arguments.integer(name, in: range) { set(&settings, count) }
        case .bytes(let set): if let bytes = try arguments.bytes(name) { set(&settings, bytes) }
        case .seconds(let set): if let seconds = try arguments.seconds(name) { set(&settings, seconds) }
        }
    }

    /// Applies a configuration file's value.
    ///
    /// - Throws: `UsageError` naming the key and what is expected.
    func read(_ entry: JSONValue, of path: String, into settings: inout ServeSettings) throws {
        func require<T>(_ value: T?, _ expected: String) throws -> T {
            guard let value else { throw UsageError("\(path): \"\(key)\" is \(entry), expected \(expected)") }
            return value
        }
        switch value {
        case .flag(let set): set(&settings, try require(entry.bool, "true or false"))
        case .text(let set): set(&settings, try require(entry.string, "a string"))
        case .list(let set):
            let texts = entry.array?.compactMap(\.string)
            set(&settings, try require(texts?.count == entry.array?.count ? texts : nil, "an array of strings"))
        case .count(let range, let set):
            let count = entry.int.flatMap { range.contains($0) ? $0 : nil }
            set(&settings, try require(count, "an integer from \(range.lowerBound) to \(range.upperBound)"))
        case .bytes(let set):
            let bytes = entry.int.flatMap { $0 > 0 ? $0 : nil } ?? entry.string.flatMap(ByteCount.parse)
            set(&settings, try require(bytes, "a size in bytes, or a string such as \"64M\""))
        case .seconds(let set):
            let seconds = entry.double.flatMap { $0 > 0 && $0 <= 1e6 ? $0 : nil }
            set(&settings, try require(seconds, "a number of seconds above 0"))
        }
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// All settings, in the order of the help.
    static let all: [ServeSetting] = [
        ServeSetting("host", "ADDRESS", "listen on this address (127.0.0.1)", .text { $0.service.server.host = $1 }),
        ServeSetting(
            "port", "N", "listen on this port; 0 takes a free one (8080)",
            .count(0...65535) { $0.service.server.port = UInt16($1) }),
        ServeSetting(
            "token-file", "FILE", "require bearer tokens: lines of \"read TOKEN\" or \"write TOKEN\"; reloaded on SIGHUP",
            .text { $0.service.access.tokenFile = $1 }),
        ServeSetting(
            "insecure", nil, "allow an address other than loopback without tokens: anyone who reaches it can change every model",
            .flag { $0.isInsecure = $1 }),
        ServeSetting(
            "allow-origin", "LIST",
            "origins of web pages that may call the server, separated by commas; * allows all (none but the server's own)",
            .list { $0.service.access.allowedOrigins = $1 }),
        ServeSetting(
            "allow-host", "LIST",
            "names allowed in Host besides the address, separated by commas; * allows all (on loopback: localhost, 127.0.0.1, [::1])",
            .list { $0.extraHosts = $1 }),
        ServeSetting(
            "access-log", "FILE", "write one JSON line per request; - is standard error; reopened on SIGHUP (none)",
            .text { $0.service.access.logFile = $1 }),
        ServeSetting(
            "max-body", "SIZE", "the largest request body, except snapshots (64M)",
            .bytes { $0.service.server.maximumBodySize = $1 }),
        ServeSetting(
            "max-memory", "SIZE", "memory limit for all models together (three quarters of the machine's)",
            .bytes { $0.service.host.maximumMemory = $1 }),
        ServeSetting(
            "max-connections", "N", "maximum number of open connections (16384)",
            .count(1...1_000_000) { $0.service.server.maximumConnections = $1 }),
        ServeSetting(
            "max-queue", "N", "requests that may wait to change one model, and as many again to read it (1024)",
            .count(1...1_000_000) { $0.service.host.maximumQueuedRequests = $1 }),
        ServeSetting(
            "event-loops", "N", "threads for sockets and small predictions (half the cores)",
            .count(1...256) { $0.service.server.eventLoops = $1 }),
        ServeSetting(
            "pool-threads", "N", "threads for large bodies, large predictions, long answers and snapshot files (2)",
            .count(1...256) { $0.service.poolThreads = $1 }),
        ServeSetting(
            "worker-threads", "N", "threads that all models share to learn and change (4 times the cores, at least 16)",
            .count(1...1024) { $0.service.host.workerThreads = $1 }),
        ServeSetting(
            "compute-threads", "N", "threads for a large matrix operation, if the BLAS has threads (one less than cores)",
            .count(1...256) { $0.service.host.computeThreads = $1 }),
        ServeSetting(
            "data", "DIR", "keep models in this directory; without it they are in memory only",
            .text { $0.durability.directory = $1 }),
        ServeSetting(
            "keep-checkpoints", "N", "checkpoints to keep of each model, for accrue restore --version (1)",
            .count(1...1_000_000) { $0.durability.keptCheckpoints = $1 }),
        ServeSetting(
            "checkpoint-log", "SIZE", "size of the log that triggers a checkpoint (256M)",
            .bytes { $0.durability.checkpointLogBytes = $1 }),
        ServeSetting(
            "checkpoint-age", "SECONDS", "how long learned rows stay in the log before a checkpoint, at most (900)",
            .seconds { $0.durability.checkpointAge = $1 }),
        ServeSetting(
            "spool", "DIR", "directory for snapshots while they are streamed ($TMPDIR or /var/tmp)",
            .text { $0.service.host.spoolDirectory = $1 }),
        ServeSetting(
            "max-spool", "SIZE", "disk space for these snapshots, in each direction; as --max-memory (three quarters of the machine's)",
            .bytes { $0.service.host.maximumSpool = $1 }),
        ServeSetting(
            "header-timeout", "SECONDS", "how long the head of a request may take (10)",
            .seconds { $0.service.server.headerDeadline = $1 }),
        ServeSetting(
            "idle-timeout", "SECONDS", "how long a connection may wait for its next request (60)",
            .seconds { $0.service.server.idleTimeout = $1 }),
        ServeSetting("shutdown-timeout", "SECONDS", "how long stopping may take after SIGTERM (10)", .seconds { $0.shutdownTimeout = $1 }),
    ]
}
