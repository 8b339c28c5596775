import Foundation
import Testing

/// Command lines and their outcome: 0 for success, 2 for wrong usage, with the message on standard error.
@Suite struct UsageTests {
    struct Misuse: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        /// What the message must say.
        let names: [String]

        init(_ arguments: String, _ names: String...) {
            self.arguments = arguments.split(separator: " ").map(String.init)
            self.names = names
        }

        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let misuses = [
        Misuse("", "usage: accrue COMMAND"), Misuse("fly", "\"fly\"", "accrue --help"), Misuse("--fly", "\"--fly\""),
        Misuse("serve --fly", "--fly", "accrue serve --help"), Misuse("serve now", "now"), Misuse("serve --port", "--port", "value"),
        Misuse("serve --port 1 --port 2", "--port", "twice"), Misuse("serve --port 65536", "--port", "0 to 65535", "65536"),
        Misuse("serve --port -1", "--port", "-1"), Misuse("serve --port=http", "--port", "http"),
        Misuse("serve --insecure=yes", "--insecure", "no value"), Misuse("serve --max-body 0", "--max-body", "64M"),
        Misuse("serve --max-memory lots", "--max-memory", "lots"), Misuse("serve --max-memory 99999999999999T", "--max-memory"),
        Misuse("serve --max-queue 0", "--max-queue", "1 to"), Misuse("serve --max-connections 0", "--max-connections", "1 to"),
        Misuse("serve --event-loops 0", "--event-loops"), Misuse("serve --event-loops 257", "--event-loops", "256"),
        Misuse("serve --compute-threads 0", "--compute-threads"), Misuse("serve --idle-timeout 0", "--idle-timeout", "above 0"),
        Misuse("serve --header-timeout nan", "--header-timeout", "nan"), Misuse("serve --shutdown-timeout inf", "--shutdown-timeout"),
        Misuse("serve --config /nowhere/accrue.json", "/nowhere/accrue.json"), Misuse("bench", "engine"), Misuse("bench fast", "\"fast\""),
        Misuse("bench engine --dimension 1", "--dimension", "2 to"), Misuse("bench engine --dimension 8,x", "--dimension", "x"),
        Misuse("bench engine --batch 0", "--batch"), Misuse("bench engine --seconds -1", "--seconds"), Misuse("demo --fly", "--fly"),
        Misuse("learn", "learn needs a model"), Misuse("learn m --fly", "--fly", "accrue learn --help"),
        Misuse("learn m --format xml", "csv|tsv|ndjson|npy|npz|safetensors", "xml"), Misuse("learn m --key=", "--key", "1 to 200"),
        Misuse("learn m - --labels -", "standard input"), Misuse("learn m --url host:80", "http://HOST:PORT", "host:80"),
        Misuse("learn m --url https://host", "TLS"), Misuse("learn m --create {", "--create"),
        Misuse("learn m --dimension 2 --create {\"dimension\":3}", "dimension"), Misuse("learn m --seed 1", "--width"),
        Misuse("learn m --labels a --label-column b", "--label-column"), Misuse("predict m --top 0", "--top"),
        Misuse("predict m --json", "--evaluate"), Misuse("predict m --weights heavy", "plain or balanced"),
        Misuse("snapshot m --parts most", "all or weights"), Misuse("restore m", "snapshot", "--version"),
        Misuse("restore --data d m", "--version is missing"), Misuse("restore d m --version 1 --url http://h", "--url"),
        Misuse("models sell", "\"sell\""), Misuse("models show", "needs one argument"), Misuse("completion csh", "bash, zsh and fish"),
    ]

    @Test(arguments: misuses) func wrongUsageExitsWithTwo(_ misuse: Misuse) throws {
        let outcome = try Executable(misuse.arguments).wait()
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty, "\(outcome.output)")
        for name in misuse.names { #expect(outcome.errors.contains(name), "\"\(name)\" is not in: \(outcome.errors)") }
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "example.com", "127.0.0.1.example.com", "127.example.com", "::ffff:192.0.2.1"])
    func otherAddressesThanLoopbackNeedAWord(_ host: String) throws {
        let outcome = try Executable.run("serve", "--port", "0", "--host", host)
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(host) && outcome.errors.contains("--insecure"), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["--help"], ["-h"], ["help"], ["help", "serve"], ["serve", "--help"], ["serve", "-h"], ["demo", "--help"], ["bench", "--help"],
    ])
    func helpGoesToStandardOutput(_ arguments: [String]) throws {
        let outcome = try Executable(arguments).wait()
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        #expect(outcome.output.contains("usage: accrue"))
        for option in arguments.contains("serve") ? ["--config", "--host", "--port", "--insecure", "--max-memory"] : [] {
            #expect(outcome.output.contains(option))
        }
    }

    @Test func helpNamesEveryCommand() throws {
        let help = try Executable.run("--help").output
        for command in ["serve", "models", "learn", "predict", "snapshot", "restore", "completion", "demo", "bench"] {
            #expect(help.contains("  \(command) "))
        }
    }

    @Test func versionIsOneLine() throws {
        let outcome = try Executable.run("--version")
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        #expect(outcome.output.wholeMatch(of: /accrue \d+\.\d+\.\d+\n/) != nil, "\(outcome.output)")
    }
}
