import ClassifierService
import CommandSupport
import Foundation
import HTTPServer
import ModelHost

/// `accrue serve`: the service, until SIGTERM or SIGINT.
enum ServeCommand: Command {
    static let name = "serve"
    static let computes = true
    static let summary = "Serve models over HTTP"
    static let usage = "[--config FILE] [OPTIONS]"
    static let options =
        [Option("--config", "FILE", "read settings from a JSON file; options take precedence")] + ServeSetting.all.map(\.option)

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.isEmpty else { throw UsageError("unexpected argument \"\(arguments.words[0])\": serve takes only options") }
        let settings = try ServeSettings(arguments)
        let signals = StopSignals(takesHangUp: true)
        let log = Log()
        if settings.service.host.durability == nil { log.info("models are in memory only; keep them with snapshots or --data DIR") }
        let service = try Service(settings.service, log: log)
        let address = try service.start()
        print("listening on http://\(address)")
        // The parent process of a server in a pipe waits for this line.
        fflush(nil)
        let name = signals.wait { service.reload() }
        log.info("stopping", ["signal": name])
        signals.exitAtTheNext()
        service.stop(within: settings.shutdownTimeout)
        log.info("stopped")
    }
}
