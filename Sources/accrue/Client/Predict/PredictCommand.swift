import AnalyticLearning
import CommandSupport
import Foundation
import HTTPServer
import TensorFormats

/// `accrue predict`: asks a model on a server for the labels of rows, and prints them in order.
enum PredictCommand: Command {
    static let name = "predict"
    static let summary = "Predict the labels of rows with a model on a server"
    static let usage = "MODEL [FILE|-] [OPTIONS]"
    static let operands: [Operand] = [.model, .file]
    static let options =
        [
            Option("--top", "K", "print the K best classes (1)"),
            Option("--weights", "plain|balanced", "weights to use (the model's default)"),
            Option("--balance", "X", "even out the classes' shares: 0 leaves them, 1 makes all alike (the model's default)"),
            Option("--probability", nil, "also print the probability of each class, if the model is calibrated"),
            Option("--novelty", nil, "also print how unlike the rows learned each row is"),
            Option("--reject", "SHARE", "print no label for rows more novel than all but this share of known rows"),
            Option("--coverage", "0.8|0.9|0.95|0.99", "also print the set of labels that contains the right one for this share of rows"),
            Option("--output", PredictionText.Format.choices, "what to print for each row (csv); labels: one per line, no line breaks"),
            Option("--evaluate", nil, "print the accuracy on labelled rows; predictions only with --output"),
        ] + RowInput.options
        + [
            Option("--batch", "N", "rows per request (1024, or fewer with more than 512 features)"),
            Option("--connections", "N", "concurrent requests (4)"), Option("--quiet", nil, "do not print progress"),
            Option("--json", nil, "--evaluate: print JSON"),
        ] + ClientSettings.options

    static func run(_ arguments: ParsedArguments) throws {
        guard (1...2).contains(arguments.words.count) else { throw UsageError("predict needs a model and takes at most one file") }
        let evaluates = arguments.has("--evaluate")
        let format = try arguments.text("--output").map { text in
            guard let format = PredictionText.Format(rawValue: text) else {
                throw UsageError("--output must be one of \(PredictionText.Format.choices), not \(text)")
            }
            return format
        }
        let weights = arguments.text("--weights")
        guard weights == nil || weights == "plain" || weights == "balanced" else {
            throw UsageError("--weights must be plain or balanced, not \(weights!)")
        }
        guard evaluates || !arguments.has("--json") else {
            throw UsageError("--json needs --evaluate; for predictions use --output ndjson")
        }
        let balance = try arguments.share("--balance")
        let reject = try share("--reject", arguments, expected: "a share from 0.002 to 0.5") { NoveltyQuantiles.shares.contains($0) }
        let coverage = try share("--coverage", arguments, expected: "0.8, 0.9, 0.95 or 0.99") { CoverageLevel(rawValue: $0) != nil }
        let top = try arguments.integer("--top", in: 1...1_000_000)
        let batchRows = try arguments.integer("--batch", in: 1...1_000_000)
        let connections = try arguments.integer("--connections", in: 1...64) ?? 4
        let input = try RowInput(arguments, path: arguments.words.count == 2 ? arguments.words[1] : nil)
        let settings = try ClientSettings(arguments)

        let path = ServiceClient.path(arguments.words[0])
        let details = try ServiceClient(settings).object("GET", path, isFirst: true)
        let source = try input.open(needsLabels: evaluates, dimension: details["config"]?.object?["dimension"]?.int)
        let report = ProgressReport(ProgressText(total: source.rowCount), isQuiet: arguments.has("--quiet"))
        let run = PredictRun(
            settings,
            path: path + "/predict"
                + query([
                    ("top", top.map(String.init)), ("weights", weights), ("balance", balance.map { "\($0)" }),
                    ("probability", arguments.has("--probability") ? "true" : nil),
                    ("novelty", arguments.has("--novelty") ? "true" : nil), ("reject", reject), ("coverage", coverage),
                ]),
            source: source,
            text: evaluates && format == nil
                ? nil
                : PredictionText(
                    format: format ?? .csv, top: top ?? 1, hasLabels: source.hasLabels, hasProbabilities: arguments.has("--probability"),
                    hasNovelty: arguments.has("--novelty"), mayReject: reject != nil, hasSets: coverage != nil,
                    isForPeople: isatty(STDOUT_FILENO) == 1),
            report: report)
        defer { report.finish() }
        try run.run(source, batchRows: batchRows ?? LearnBatch.standard(source.dimension), connections: connections)
        report.finish()
        guard evaluates else { return }
        var evaluation = run.evaluation
        if !evaluation.neverPredicted.isEmpty {
            let listed = try ServiceClient(settings).object("GET", path + "/classes")["classes"]?.array ?? []
            evaluation.compare(with: Set(listed.compactMap { $0.object?["label"]?.label }))
        }
        let result = arguments.has("--json") ? evaluation.json : evaluation.text
        // Standard output is for the predictions alone.
        if format == nil { print(result) } else { FileHandle.standardError.write(Data((result + "\n").utf8)) }
    }

    /// The value of an option that is a number, as it was given.
    private static func share(
        _ option: String, _ arguments: ParsedArguments, expected: String, isAllowed: (Double) -> Bool
    ) throws -> String? {
        guard let text = arguments.text(option) else { return nil }
        let isDecimal = text.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isDecimal, let value = Double(text), isAllowed(value) else { throw UsageError("\(option) must be \(expected), not \(text)") }
        return text
    }

    private static func query(_ items: [(name: String, value: String?)]) -> String {
        let parts = items.compactMap { item in item.value.map { "\(item.name)=\($0)" } }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }
}
