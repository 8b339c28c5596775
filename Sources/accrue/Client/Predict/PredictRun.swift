import AnalyticLearning
import CommandSupport
internal import Concurrency
import Foundation
import TensorFormats

/// One run of `predict`: sends rows in batches over several connections, and prints the answers in the order of the rows.
final class PredictRun: Sendable {
    private let settings: ClientSettings
    private let path: String
    private let dimension: Int
    private let hasLabels: Bool
    /// Nil if nothing is printed.
    private let text: PredictionText?
    private let report: ProgressReport
    private let counted = Guarded(Evaluation())
    private let hasWarned = Guarded(false)

    init(_ settings: ClientSettings, path: String, source: any RowSource, text: PredictionText?, report: ProgressReport) {
        self.settings = settings
        self.path = path
        self.text = text
        self.report = report
        dimension = source.dimension
        hasLabels = source.hasLabels
    }

    /// The number of correct predictions, if the rows have labels.
    var evaluation: Evaluation { counted.withLock { $0 } }

    /// - Throws: what ended the run early; the output so far is whole lines, without a gap.
    func run(_ source: any RowSource, batchRows: Int, connections: Int) throws {
        if let text, !text.header.isEmpty { try Array(text.header.utf8).withUnsafeBytes(StandardOutput.write) }
        let pipeline = try BatchPipeline<PredictReply>(
            connections: connections, makeSender: { [self] in makeSender() }, deliver: { [self] in try deliver($0, $1) })
        var failure: (any Error)?
        do { try submit(source, batchRows, to: pipeline) } catch { failure = error }
        do { try pipeline.finish() } catch { failure = failure ?? error }
        if let failure { throw failure }
    }

    private func submit(_ source: any RowSource, _ batchRows: Int, to pipeline: BatchPipeline<PredictReply>) throws {
        var row = 0
        while true {
            try settings.interruption.check()
            var batch = RowBatch()
            batch.isSinglePrecision = source.isSinglePrecision
            batch.firstRow = row
            batch.rows = try source.read(batchRows, into: &batch)
            for warning in source.takeWarnings() { report.say("warning: \(VisibleText.of(warning))") }
            batch.fractionRead = source.fractionRead
            guard batch.rows > 0, pipeline.submit(batch) else { return }
            row += batch.rows
        }
    }

    private func makeSender() -> (RowBatch) throws -> PredictReply {
        let client = ServiceClient(settings) { [report] reason in
            report.update { $0.note = reason.map { "waiting: \($0)" } }
        }
        return { [self] batch in
            try settings.interruption.check()
            var unlabelled = batch
            unlabelled.labels = PackedStrings()
            do {
                let response = try client.call(
                    "POST", path, contentType: "application/vnd.safetensors",
                    body: .bytes(unlabelled.safetensors(dimension: dimension)))
                return try PredictReply(response, rows: batch.rows)
            } catch let refusal as ServerRefusal {
                let hint = refusal.code == 413 ? "; try a smaller --batch" : ""
                throw ServerRefusal(code: refusal.code, detail: "\(batch.place): \(refusal.detail)\(hint)")
            }
        }
    }

    private func deliver(_ batch: RowBatch, _ reply: PredictReply) throws {
        if hasLabels {
            let expected = try (0..<batch.labels.count).map { try batch.label(at: $0) }
            counted.withLock { evaluation in
                for (label, row) in zip(expected, reply.rows) { evaluation.add(expected: label, predicted: row.best.label) }
            }
        }
        let isFirst =
            reply.lacksBalance
            && hasWarned.withLock { hasWarned in
                defer { hasWarned = true }
                return !hasWarned
            }
        if isFirst {
            report.say("warning: the model has no temperature yet, so its scores are not balanced")
        }
        if let text { try text.lines(batch, reply).withUnsafeBytes(StandardOutput.write) }
        report.update { text in
            text.done = batch.firstRow + batch.rows
            text.fraction = batch.fractionRead
        }
    }
}
