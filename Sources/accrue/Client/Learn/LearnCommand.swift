import Foundation
import TensorFormats

/// `accrue learn`: teaches a model on a server the rows of a file or a stream.
enum LearnCommand: Command {
    static let name = "learn"
    static let summary = "Teach a model on a server the rows of a file or a pipe"
    static let usage = "MODEL [FILE|-] [OPTIONS]"
    static let operands: [Operand] = [.model, .file]
    static let options =
        RowInput.options + [
            Option("--batch", "N", "rows a request (1024, or fewer of more than 512 features)"),
            Option("--connections", "N", "requests under way at once; 1 learns in the order of the rows (4)"),
            Option("--key", "KEY", "the run's name: a run with the same rows and key goes on where the one before ended (a new one)"),
            Option("--progress", "FILE", "keep in this file how far the run is, and go on from there where it exists"),
        ] + ModelSettings.options("--create", "make the model first; without \"dimension\" it is that of the rows")
        + [
            Option("--quiet", nil, "no progress"), Option("--json", nil, "print the summary as JSON"),
        ] + ClientSettings.options

    static func run(_ arguments: ParsedArguments) throws {
        guard (1...2).contains(arguments.words.count) else { throw UsageError("learn takes a model, and a file or nothing") }
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
                saved == nil ? "; --create makes it" : ", but \(progressPath!) says that it has learned: remove the file to begin anew"
            throw ServerRefusal(code: 404, detail: "there is no model named \"\(model)\"\(why)")
        }
        // The rows are looked at before a model is made that does not take them.
        let dimension = (details?["config"]?.object ?? creation.configuration)?["dimension"]?.int
        let source = try input.open(needsLabels: true, dimension: dimension)
        if creation.configuration != nil {
            let configuration = JSONValue.object(try creation.completed(dimension: source.dimension)).description
            details = try client.object("PUT", path, body: .bytes(Array(configuration.utf8)))
        }
        let version = details?["version"]?.int ?? 0
        if let saved, version < saved.version {
            throw InputError(
                "\(progressPath!) is of version \(saved.version), but \(model) is at \(version): it was made anew; remove the file to begin anew"
            )
        }
        if let saved, let known = saved.samples, let samples = details?["samples"]?.int, samples < known {
            throw InputError(
                "\(progressPath!) knows \(model) with \(ProgressText.grouped(known)) samples, but it has \(ProgressText.grouped(samples)): "
                    + "it was restored, or rows were unlearned, and rows that the file counts may be gone; remove the file to learn all again"
            )
        }
        let progress =
            saved ?? LearnProgress(model: model, key: givenKey ?? RunKey(), batchRows: batchRows ?? standardBatch(source.dimension))
        let isQuiet = arguments.has("--quiet")
        let report = ProgressReport(
            ProgressText(done: progress.rows, total: source.rowCount, skipped: progress.rows), isQuiet: isQuiet)
        // Known before anything can end the program without a word.
        if !isQuiet, givenKey == nil, saved == nil { report.say("this run's key is \(progress.key)") }
        let run = LearnRun(
            settings, connections: connections, dimension: source.dimension, versionBefore: version, progress: progress,
            progressPath: progressPath, report: report)
        do {
            try run.run(source)
        } catch {
            report.finish()
            throw Unfinished(cause: error, rows: run.progress.rows, command: command(going: progress.key, progressPath))
        }
        report.finish()
        let summary = LearnSummary(
            model: model, key: progress.key, skippedRows: progress.rows, tally: run.tally, seconds: report.elapsed)
        print(arguments.has("--json") ? summary.json : summary.text)
    }

    /// A run that did not come to its end.
    struct Unfinished: StatusError {
        let cause: any Error
        let rows: Int
        let command: String

        var status: Int32 { (cause as? any StatusError)?.status ?? ExitStatus.failure }
        var description: String {
            "\(cause)\n\(ProgressText.grouped(rows)) rows are acknowledged; to go on, with the same rows:\n  \(command)"
        }
    }

    /// Rows of a request: so many that each costs little, and so few that many are no large body (4 MiB as Float64).
    static func standardBatch(_ dimension: Int) -> Int { max(1, min(1024, (4 << 20) / 8 / max(1, dimension))) }

    private static func check(_ saved: LearnProgress, _ path: String, _ model: String, _ key: RunKey?, _ batch: Int?) throws {
        guard saved.model == model else { throw UsageError("\(path) is of the model \(saved.model), not \(model)") }
        if let key, key != saved.key { throw UsageError("\(path) is of the run \(saved.key), not \(key)") }
        if let batch, batch != saved.batchRows {
            throw UsageError("\(path) is of a run with --batch \(saved.batchRows): another one would not be recognised")
        }
    }

    /// The command that goes on, as a shell reads it.
    private static func command(going key: RunKey, _ progressPath: String?) -> String {
        var words = CommandLine.arguments
        let hasKey = words.contains { $0 == "--key" || $0.hasPrefix("--key=") }
        if progressPath == nil, !hasKey {
            // Behind `--` it would be a word.
            words.insert(contentsOf: ["--key", key.description], at: words.firstIndex(of: "--") ?? words.endIndex)
        }
        return words.map(ShellWord.quote).joined(separator: " ")
    }
}
