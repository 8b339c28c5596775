import ClassifierService
import CommandSupport
import Foundation
import HTTPServer
import ModelHost
import TensorFormats

/// The settings of `serve`: defaults, then the configuration file, then the command line.
struct ServeSettings {
    var service = ServiceConfiguration()
    var shutdownTimeout = 10.0
    /// Used if a directory is given.
    var durability = DurabilityConfiguration(directory: "")
    var isInsecure = false
    var extraHosts: [String] = []

    /// - Throws: `UsageError` naming the option or the file's key.
    init(_ arguments: ParsedArguments) throws {
        service.server.eventLoops = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        if let path = arguments.text("--config") { try read(path) }
        for setting in ServeSetting.all { try setting.read(arguments, into: &self) }
        try finish()
    }

    /// Reads the keys of a configuration file, which are the options' names. `null` keeps a default that depends on the machine.
    private mutating func read(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw UsageError("\(path) cannot be read") }
        let value: JSONValue
        do { value = try data.withUnsafeBytes { try JSONValue(parsing: $0) } } catch { throw UsageError("\(path): \(error)") }
        guard let object = value.object else { throw UsageError("\(path) must contain a JSON object") }
        for entry in object.entries {
            guard let setting = ServeSetting.all.first(where: { $0.key == entry.key }) else {
                throw UsageError("\(path): \"\(entry.key)\" is not a known key")
            }
            if case .null = entry.value { continue }
            try setting.read(entry.value, of: path, into: &self)
        }
    }

    private mutating func finish() throws {
        if !durability.directory.isEmpty { service.host.durability = durability }
        service.server.maximumTotalBodyMemory = max(service.server.maximumTotalBodyMemory, service.server.maximumBodySize)
        let host = service.server.host
        let isLoopback = Self.isLoopback(host)
        guard isLoopback || isInsecure || service.access.tokenFile != nil else {
            throw UsageError(
                "\(host) is not a loopback address: anyone who reaches it could change every model; use --token-file, "
                    + "or --insecure to allow it")
        }
        guard !extraHosts.contains("*") else { return }
        if isLoopback {
            let own = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
            service.access.allowedHosts = AccessConfiguration.loopbackHosts + [own] + extraHosts
        } else if !extraHosts.isEmpty {
            service.access.allowedHosts = extraHosts
        }
    }

    /// Whether a host is certainly the machine itself: a name such as 127.example.com may resolve to anything.
    private static func isLoopback(_ host: String) -> Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
        return ["localhost", "::1", "[::1]"].contains(host)
    }
}
