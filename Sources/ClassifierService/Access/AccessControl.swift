internal import HTTPServer
internal import ModelHost

/// Everything between the network and the routes: tokens, origins, hosts, and the access log.
final class AccessControl: Sendable {
    private let configuration: AccessConfiguration
    private let gate: AccessGate
    private let accessLog: AccessLog?
    private let log: Log

    /// - Throws: `AccessError`.
    init(_ configuration: AccessConfiguration, log: Log) throws(AccessError) {
        var tokens: TokenSet?
        if let path = configuration.tokenFile {
            let (read, warnings) = try TokenFile.read(path)
            for warning in warnings { log.warning(warning) }
            tokens = read
        }
        gate = try AccessGate(configuration, tokens: tokens)
        if let path = configuration.logFile { accessLog = try AccessLog(path) } else { accessLog = nil }
        self.configuration = configuration
        self.log = log
    }

    /// Installs the access checks and the log in a server.
    func guardServer(_ server: inout ServerConfiguration) {
        server.gate = { [gate] request, access in gate.verdict(request, access) }
        if let accessLog { server.accessObserver = { accessLog.note($0) } }
    }

    /// Reloads the tokens and reopens the log.
    func reload() {
        if accessLog == nil, configuration.tokenFile == nil {
            return log.info("there is no token file to reload and no access log to reopen")
        }
        accessLog?.reopen()
        guard let path = configuration.tokenFile else { return }
        do {
            let (tokens, warnings) = try TokenFile.read(path)
            for warning in warnings { log.warning(warning) }
            gate.replaceTokens(tokens)
            log.info("the tokens were reloaded", ["file": path])
        } catch {
            log.error("the tokens could not be reloaded; the old ones stay valid", ["reason": error.description])
        }
    }

    /// Writes the rest of the log, within the given time.
    func stop(within seconds: Double) {
        accessLog?.stop(within: seconds)
    }
}
