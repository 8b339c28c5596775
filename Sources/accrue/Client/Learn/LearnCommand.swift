import CommandSupport
internal import Concurrency
import Foundation
import TensorFormats

/// `accrue learn`: teaches a model on a server the rows of a file or a stream.
enum LearnCommand: Command {
    static let name = "learn"
    static let summary = "Teach a model on a server with rows from a file or a pipe"
    static let usage = "MODEL [FILE|-] [OPTIONS]"
    static let operands: [Operand] = [.model, .file]
    static let options =
        RowInput.options + [
            Option("--batch", "N", "rows per request (from the model: as many as are learned cheaply, in at most 8 MiB)"),
            Option("--load", nil, "learn faster: predictions use the rows when all are learned, or after 10 s"),
            Option("--connections", "N", "concurrent requests; 1 learns the rows in order (4)"),
            Option("--key", "KEY", "name of the run: with the same rows and key, a run continues where the last one ended (a new one)"),
            Option("--progress", "FILE", "keep the run's progress in this file, and continue from there if the file exists"),
        ] + ModelSettings.options("--create", "create the model first; \"dimension\" defaults to that of the rows")
        + [
            Option("--quiet", nil, "do not print progress"), Option("--json", nil, "print the summary as JSON"),
        ] + ClientSettings.options

    static func run(_ arguments: ParsedArguments) throws {
        guard (1...2).contains(arguments.words.count) else { throw UsageError("learn needs a model and takes at most one file") }
        let model = arguments.words[0]
        let input = try RowInput(arguments, path: arguments.words.count == 2 ? arguments.words[1] : nil)
        let creation = try ModelSettings(arguments, "--create")
        let batchRows = try arguments.integer("--batch", in: 1...1_000_000)
        let connections = try arguments.integer("--connections", in: 1...64) ?? 4
        let givenKey = try arguments.text("--key").map { try RunKey($0) }
        let progressPath = arguments.text("--progress")
        let settings = try ClientSettings(arguments, finishesRequests: true)

        let saved = try progressPath.flatMap { try LearnProgress(contentsOf: $0) }
        if let saved { try check(saved, progressPath!, model, givenKey, batchRows) }
        let client = ServiceClient(settings)
        let path = ServiceClient.path(model)
        let found = try client.call("GET", path, accepting: [404], isFirst: true)
        var details = found.status == 404 ? nil : try ServiceClient.object(found)
        if details == nil, creation.configuration == nil || saved.map({ $0.rows > 0 }) == true {
            let why =
                saved == nil ? "; create it with --create" : ", but \(progressPath!) says it has learned: remove the file to start over"
            throw ServerRefusal(code: 404, detail: "there is no model named \"\(model)\"\(why)")
        }
        // The rows are examined before a model is created that would not accept them.
        let dimension = (details?["config"]?.object ?? creation.configuration)?["dimension"]?.int
        let source = try input.open(needsLabels: true, dimension: dimension)
        if creation.configuration != nil {
            let configuration = JSONValue.object(try creation.completed(dimension: source.dimension)).description
            details = try client.object("PUT", path, body: .bytes(Array(configuration.utf8)))
        }
        let version = details?["version"]?.int ?? 0
        if let saved, version < saved.version {
            throw InputError(
                "\(progressPath!) has version \(saved.version), but \(model) is at \(version): it was created again; "
                    + "remove the file to start over")
        }
        if let saved, let known = saved.samples, let samples = details?["samples"]?.int, samples < known {
            throw InputError(
                "\(progressPath!) says that \(model) has \(ProgressText.grouped(known)) samples, but it has "
                    + "\(ProgressText.grouped(samples)): it was restored or rows were unlearned, so rows that the file counts may be gone; "
                    + "remove the file to learn all rows again")
        }
        let progress =
            saved
            ?? LearnProgress(
                model: model, key: givenKey ?? RunKey(),
                batchRows: batchRows ?? LearnBatch.rows(details?["config"], source))
        let isQuiet = arguments.has("--quiet")
        let report = ProgressReport(
            ProgressText(done: progress.rows, total: source.rowCount, skipped: progress.rows), isQuiet: isQuiet)
        // Printed before anything can end the program silently.
        if !isQuiet, givenKey == nil, saved == nil { report.say("this run's key is \(progress.key)") }
        let isLoad = arguments.has("--load")
        let run = LearnRun(
            settings, connections: connections, dimension: source.dimension, versionBefore: version, progress: progress,
            progressPath: progressPath, report: report, isLoad: isLoad, mayShrink: batchRows == nil)
        do {
            try run.run(source)
        } catch {
            report.finish()
            throw Unfinished(cause: error, rows: run.progress.rows, command: command(going: progress.key, progressPath))
        }
        let end = try end(of: path, settings, notBefore: isLoad ? run.tally.last?.version : nil)
        report.finish()
        let summary = LearnSummary(
            model: model, key: progress.key, skippedRows: progress.rows, tally: run.tally, seconds: report.elapsed, end: end)
        print(arguments.has("--json") ? summary.json : summary.text)
    }

    /// The model's final state; nil if the server does not answer at once: the rows are learned all the same.
    ///
    /// - Parameter version: the version to wait for, after a load: predictions then use its rows.
    private static func end(of path: String, _ settings: ClientSettings, notBefore version: Int?) throws -> LearnReply? {
        var settings = settings
        settings.policy.retries = min(settings.policy.retries, 2)
        let client = ServiceClient(settings)
        // A snapshot has all rows, so even its length is only known when predictions have them too.
        if version != nil { _ = try? client.call("HEAD", path + "/snapshot") }
        let limit = MonotonicClock.now + 2 * longestLoad
        while let reply = try? LearnReply(client.call("GET", path)) {
            guard let version, reply.version < version, MonotonicClock.now < limit else { return reply }
            try settings.interruption.sleep(0.02)
        }
        return nil
    }

    /// Seconds after which predictions use the rows of a load in any case.
    private static let longestLoad = 10.0

    /// A run that did not finish.
    struct Unfinished: StatusError {
        let cause: any Error
        let rows: Int
        let command: String

        var status: Int32 { (cause as? any StatusError)?.status ?? ExitStatus.failure }
        var description: String {
            "\(cause)\n\(ProgressText.grouped(rows)) rows are acknowledged; to continue with the same rows:\n  \(command)"
        }
    }

    private static func check(_ saved: LearnProgress, _ path: String, _ model: String, _ key: RunKey?, _ batch: Int?) throws {
        guard saved.model == model else { throw UsageError("\(path) belongs to the model \(saved.model), not \(model)") }
        if let key, key != saved.key { throw UsageError("\(path) belongs to the run \(saved.key), not \(key)") }
        if let batch, batch != saved.batchRows {
            throw UsageError("\(path) belongs to a run with --batch \(saved.batchRows): continue it with the same --batch")
        }
    }

    /// The command that resumes the run, quoted for a shell.
    private static func command(going key: RunKey, _ progressPath: String?) -> String {
        var words = CommandLine.arguments
        let hasKey = words.contains { $0 == "--key" || $0.hasPrefix("--key=") }
        if progressPath == nil, !hasKey {
            // After `--` it would be an operand.
            words.insert(contentsOf: ["--key", key.description], at: words.firstIndex(of: "--") ?? words.endIndex)
        }
        return words.map(ShellWord.quote).joined(separator: " ")
    }
}
