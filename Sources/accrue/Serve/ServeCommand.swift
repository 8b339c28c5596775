import ClassifierService
import Foundation
import HTTPServer

/// `accrue serve`: the service, until SIGTERM or SIGINT.
enum ServeCommand: Command {
    static let name = "serve"
    static let computes = true
    static let summary = "Serve models over HTTP"
    static let usage = "[--config FILE] [OPTIONS]"
    static let options = [
        Option("--config", "FILE", "read settings from a JSON file; options given here go first"),
        Option("--host", "ADDRESS", "listen on this address (127.0.0.1)"),
        Option("--port", "N", "listen on this port; 0 takes a free one (8080)"),
        Option("--token-file", "FILE", "ask for bearer tokens: lines of \"read TOKEN\" or \"write TOKEN\"; read again on SIGHUP"),
        Option("--insecure", nil, "allow an address other than loopback without tokens: anyone who reaches it may change every model"),
        Option("--allow-origin", "LIST", "origins of web pages that may call, separated by commas; * is all (none but the server's own)"),
        Option("--allow-host", "LIST", "names that Host may have beside the address; * is all (on loopback: localhost, 127.0.0.1, [::1])"),
        Option("--access-log", "FILE", "write one JSON line a request; - is standard error; opened anew on SIGHUP (none)"),
        Option("--max-body", "SIZE", "the largest body of a request, snapshots aside (64M)"),
        Option("--max-memory", "SIZE", "what all models together may take (three quarters of the machine's)"),
        Option("--max-connections", "N", "open connections (16384)"),
        Option("--max-queue", "N", "learn requests that may wait for one model (1024)"),
        Option("--event-loops", "N", "threads for sockets and small predictions (half the cores)"),
        Option("--pool-threads", "N", "threads for large bodies, large predictions and snapshot files (2)"),
        Option("--compute-threads", "N", "threads of a large matrix operation, where the BLAS has any (one less than cores)"),
        Option("--data", "DIR", "keep models in this directory; without it they are in memory only"),
        Option("--keep-checkpoints", "N", "checkpoints kept of each model, for accrue restore --version (1)"),
        Option("--checkpoint-log", "SIZE", "the log after which a checkpoint is made (256M)"),
        Option("--checkpoint-age", "SECONDS", "how long learned rows stay in a log at most (900)"),
        Option("--spool", "DIR", "where snapshots lie while they are streamed ($TMPDIR or /var/tmp)"),
        Option("--max-spool", "SIZE", "what these may take of the disk; as --max-memory (three quarters of the machine's)"),
        Option("--header-timeout", "SECONDS", "how long the head of a request may take (10)"),
        Option("--idle-timeout", "SECONDS", "how long a connection may wait for its next request (60)"),
        Option("--shutdown-timeout", "SECONDS", "how long stopping may take after SIGTERM (10)"),
    ]

    static func run(_ arguments: ParsedArguments) throws {
        guard arguments.words.isEmpty else { throw UsageError("serve takes no words, only options: \(arguments.words[0])") }
        let settings = try ServeSettings(arguments)
        let signals = StopSignals(takesHangUp: true)
        let log = Log()
        if settings.service.durability == nil { log.info("the state is in memory only: snapshots, or --data DIR, are the ways to keep it") }
        let service = try Service(settings.service, log: log)
        let address = try service.start()
        print("listening on http://\(address)")
        // Whoever started the server in a pipe waits for this line.
        fflush(nil)
        let name = signals.wait { service.reload() }
        log.info("stopping", ["signal": name])
        signals.exitAtTheNext()
        service.stop(within: settings.shutdownTimeout)
        log.info("stopped")
    }
}
