import ClassifierService
import Foundation
import HTTPServer
import TensorFormats

/// What `serve` runs with: defaults, then the configuration file, then the command line.
struct ServeSettings {
    var service = ServiceConfiguration()
    var shutdownTimeout = 10.0
    /// Used where a directory is given.
    private var durability = DurabilityConfiguration(directory: "")
    private var isInsecure = false
    private var extraHosts: [String] = []

    /// - Throws: `UsageError` that names the option or the file's key.
    init(_ arguments: ParsedArguments) throws {
        service.server.eventLoops = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        if let path = arguments.text("--config") { try read(path) }
        if let host = arguments.text("--host") { service.server.host = host }
        if let port = try arguments.integer("--port", in: 0...65535) { service.server.port = UInt16(port) }
        if arguments.has("--insecure") { isInsecure = true }
        if let path = arguments.text("--token-file") { service.access.tokenFile = path }
        if let list = arguments.text("--allow-origin") { service.access.allowedOrigins = Self.list(list) }
        if let list = arguments.text("--allow-host") { extraHosts = Self.list(list) }
        if let path = arguments.text("--access-log") { service.access.logFile = path }
        if let bytes = try arguments.bytes("--max-body") { service.server.maximumBodySize = bytes }
        if let bytes = try arguments.bytes("--max-memory") { service.maximumMemory = bytes }
        if let count = try arguments.integer("--max-connections", in: 1...1_000_000) { service.server.maximumConnections = count }
        if let count = try arguments.integer("--max-queue", in: 1...1_000_000) { service.maximumQueuedRequests = count }
        if let count = try arguments.integer("--event-loops", in: 1...256) { service.server.eventLoops = count }
        if let count = try arguments.integer("--pool-threads", in: 1...256) { service.poolThreads = count }
        if let count = try arguments.integer("--compute-threads", in: 1...256) { service.computeThreads = count }
        if let directory = arguments.text("--data") { durability.directory = directory }
        if let count = try arguments.integer("--keep-checkpoints", in: 1...1_000_000) { durability.keptCheckpoints = count }
        if let bytes = try arguments.bytes("--checkpoint-log") { durability.checkpointLogBytes = bytes }
        if let seconds = try arguments.seconds("--checkpoint-age") { durability.checkpointAge = seconds }
        if let directory = arguments.text("--spool") { service.spoolDirectory = directory }
        if let bytes = try arguments.bytes("--max-spool") { service.maximumSpool = bytes }
        if let seconds = try arguments.seconds("--header-timeout") { service.server.headerDeadline = seconds }
        if let seconds = try arguments.seconds("--idle-timeout") { service.server.idleTimeout = seconds }
        if let seconds = try arguments.seconds("--shutdown-timeout") { shutdownTimeout = seconds }
        try finish()
    }

    /// Takes the keys of a configuration file, which are the options' names. `null` leaves a default that depends on the machine.
    private mutating func read(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw UsageError("\(path) cannot be read") }
        let value: JSONValue
        do { value = try data.withUnsafeBytes { try JSONValue(parsing: $0) } } catch { throw UsageError("\(path): \(error)") }
        guard let object = value.object else { throw UsageError("\(path) must hold a JSON object") }
        for entry in object.entries {
            if case .null = entry.value, Self.isKey(entry.key) { continue }
            let setting = Setting(path: path, key: entry.key, value: entry.value)
            switch entry.key {
            case "host": service.server.host = try setting.text()
            case "port": service.server.port = UInt16(try setting.integer(0...65535))
            case "insecure": isInsecure = try setting.flag()
            case "token_file": service.access.tokenFile = try setting.text()
            case "allow_origin": service.access.allowedOrigins = try setting.texts()
            case "allow_host": extraHosts = try setting.texts()
            case "access_log": service.access.logFile = try setting.text()
            case "max_body": service.server.maximumBodySize = try setting.bytes()
            case "max_memory": service.maximumMemory = try setting.bytes()
            case "max_connections": service.server.maximumConnections = try setting.integer(1...1_000_000)
            case "max_queue": service.maximumQueuedRequests = try setting.integer(1...1_000_000)
            case "event_loops": service.server.eventLoops = try setting.integer(1...256)
            case "pool_threads": service.poolThreads = try setting.integer(1...256)
            case "compute_threads": service.computeThreads = try setting.integer(1...256)
            case "data": durability.directory = try setting.text()
            case "keep_checkpoints": durability.keptCheckpoints = try setting.integer(1...1_000_000)
            case "checkpoint_log": durability.checkpointLogBytes = try setting.bytes()
            case "checkpoint_age": durability.checkpointAge = try setting.seconds()
            case "spool": service.spoolDirectory = try setting.text()
            case "max_spool": service.maximumSpool = try setting.bytes()
            case "header_timeout": service.server.headerDeadline = try setting.seconds()
            case "idle_timeout": service.server.idleTimeout = try setting.seconds()
            case "shutdown_timeout": shutdownTimeout = try setting.seconds()
            default: throw UsageError("\(path): \"\(entry.key)\" is not a known key")
            }
        }
    }

    private static func isKey(_ key: String) -> Bool {
        key != "config" && ServeCommand.options.contains { $0.name == "--" + key.replacingOccurrences(of: "_", with: "-") }
    }

    private mutating func finish() throws {
        if !durability.directory.isEmpty { service.durability = durability }
        service.server.maximumTotalBodyMemory = max(service.server.maximumTotalBodyMemory, service.server.maximumBodySize)
        let host = service.server.host
        let isLoopback = Self.isLoopback(host)
        guard isLoopback || isInsecure || service.access.tokenFile != nil else {
            throw UsageError(
                "\(host) is not a loopback address: anyone who reaches it could change every model; give a --token-file, or --insecure to allow it"
            )
        }
        guard !extraHosts.contains("*") else { return }
        if isLoopback {
            let own = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
            service.access.allowedHosts = AccessConfiguration.loopbackHosts + [own] + extraHosts
        } else if !extraHosts.isEmpty {
            service.access.allowedHosts = extraHosts
        }
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// Whether a host is the machine itself, whoever resolves it: a name such as 127.example.com may be anything.
    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
        return ["localhost", "::1", "[::1]"].contains(host)
    }

    /// One key of the file.
    private struct Setting {
        let path: String
        let key: String
        let value: JSONValue

        func text() throws -> String { try require(value.string, "a string") }
        func flag() throws -> Bool { try require(value.bool, "true or false") }

        func texts() throws -> [String] {
            let texts = value.array?.compactMap(\.string)
            return try require(texts?.count == value.array?.count ? texts : nil, "an array of strings")
        }

        func integer(_ range: ClosedRange<Int>) throws -> Int {
            let integer = value.int.flatMap { range.contains($0) ? $0 : nil }
            return try require(integer, "an integer from \(range.lowerBound) to \(range.upperBound)")
        }

        func bytes() throws -> Int {
            let number = value.int.flatMap { $0 > 0 ? $0 : nil }
            return try require(number ?? value.string.flatMap(ByteCount.parse), "a size in bytes, or a string such as \"64M\"")
        }

        func seconds() throws -> Double {
            try require(value.double.flatMap { $0 > 0 && $0 <= 1e6 ? $0 : nil }, "a number of seconds above 0")
        }

        private func require<T>(_ value: T?, _ expected: String) throws -> T {
            guard let value else { throw UsageError("\(path): \"\(key)\" is \(self.value), expected \(expected)") }
            return value
        }
    }
}
