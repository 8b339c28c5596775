import ClassifierService
import CommandSupport
internal import Concurrency
import Foundation
import TensorFormats

/// One run of `learn`: sends rows in batches, each under its key, and tracks what the server has acknowledged.
///
/// The first batch is sent alone. If the server knows anything of a run, it therefore knows the first batch, and refuses (422) one that is
/// cut or filled differently before anything is learned twice.
final class LearnRun: Sendable {
    private struct State {
        var progress: LearnProgress
        var tally = LearnTally()
        /// When the progress file was last written.
        var written = 0.0
        var firstIsKnown: Bool?
        var hasWarned = false
    }

    private let settings: ClientSettings
    private let connections: Int
    private let report: ProgressReport
    private let dimension: Int
    private let progressPath: String?
    /// Whether predictions may use the rows later.
    private let isLoad: Bool
    /// Whether the first batch is cut if it is too large for the server.
    private let mayShrink: Bool
    /// The model's version before the run: an answer that is no newer was given earlier.
    private let versionBefore: Int
    private let base: LearnProgress
    private let state: Guarded<State>

    /// Seconds between writes of the progress file. Later batches are resent under their keys, and not learned twice.
    private static let writeInterval = 1.0

    /// - Parameter progress: where to continue.
    init(
        _ settings: ClientSettings, connections: Int, dimension: Int, versionBefore: Int, progress: LearnProgress, progressPath: String?,
        report: ProgressReport, isLoad: Bool = false, mayShrink: Bool = false
    ) {
        self.settings = settings
        self.connections = connections
        self.dimension = dimension
        self.versionBefore = versionBefore
        self.progressPath = progressPath
        self.report = report
        self.isLoad = isLoad
        // Batches of a run that continues are what they were.
        self.mayShrink = mayShrink && progress.batches == 0
        base = progress
        state = Guarded(State(progress: progress))
    }

    /// What has been acknowledged.
    var tally: LearnTally { state.withLock { $0.tally } }
    var progress: LearnProgress { state.withLock { $0.progress } }

    /// Reads and sends all rows after those acknowledged earlier.
    ///
    /// - Throws: what ended the run early, after batches under way have ended and the progress is written.
    func run(_ source: any RowSource) throws {
        try save()
        try skip(source)
        var failure: (any Error)?
        do {
            if let rest = try sendFirst(source) { try sendRest(rest) }
        } catch { failure = error }
        try save()
        warnOfLabels(atLeast: 20)
        if let failure { throw failure }
    }

    private func warn(_ warnings: [String]) {
        for warning in warnings { report.say("warning: \(VisibleText.of(warning))") }
    }

    /// Warns once if nearly every row has created a class and labels are numbers: they are probably measurements.
    private func warnOfLabels(atLeast rows: Int) {
        let warning = state.withLock { state -> String? in
            guard !state.hasWarned, state.tally.rows >= rows, let warning = state.tally.labelWarning else { return nil }
            state.hasWarned = true
            return warning
        }
        if let warning { warn([warning]) }
    }

    /// Reads rows that an earlier run sent, and compares them with those by their hash.
    private func skip(_ source: any RowSource) throws {
        var rest = base.rows
        var hash = RowHash()
        while rest > 0 {
            try settings.interruption.check()
            var batch = RowBatch()
            batch.rows = try source.read(min(rest, base.batchRows), into: &batch)
            warn(source.takeWarnings())
            guard batch.rows > 0 else {
                throw InputError("the input has \(base.rows - rest) rows, but \(base.rows) were already learned: it is not the same input")
            }
            hash.add(batch, dimension: dimension)
            rest -= batch.rows
        }
        guard hash == base.hash else {
            throw InputError("the first \(base.rows) rows are not those that were learned: it is not the same input")
        }
    }

    /// Sends the first batch of the run.
    ///
    /// - Returns: the rows after it; nil if there were none at all.
    private func sendFirst(_ source: any RowSource) throws -> (any RowSource)? {
        let send = makeSender(from: base.batches)
        guard var batch = try read(source, after: base, limit: base.batchRows) else { return nil }
        var rest: (any RowSource) = source
        while true {
            do {
                try deliver(batch, try send(batch))
                return rest
            } catch let refusal as ServerRefusal {
                // The server's limit of a body is not known before.
                guard refusal.code == 413, mayShrink, batch.rows > 1 else { throw refusal }
                let rows = batch.rows / 2
                let whole = LeadingRows(batch, dimension: dimension, before: rest)
                state.withLock { $0.progress.batchRows = rows }
                try save()
                guard let first = try read(whole, after: base, limit: rows) else { return nil }
                (batch, rest) = (first, whole)
            }
        }
    }

    /// Sends all batches after the first.
    private func sendRest(_ source: any RowSource) throws {
        let start = progress
        let pipeline = try BatchPipeline<LearnReply>(
            connections: connections, makeSender: { [self] in makeSender(from: start.batches) },
            deliver: { [self] in try deliver($0, $1) })
        var failure: (any Error)?
        do {
            var place = start
            while let batch = try read(source, after: place, limit: start.batchRows), pipeline.submit(batch) {
                place.rows += batch.rows
                place.hash = batch.hash
            }
        } catch { failure = error }
        do {
            try pipeline.finish()
        } catch {
            // An interruption or an input error is not the server's fault.
            failure = failure ?? error
        }
        if let failure { throw failure }
    }

    /// Reads the batch that follows.
    ///
    /// - Returns: nil at the end.
    private func read(_ source: any RowSource, after place: LearnProgress, limit: Int) throws -> RowBatch? {
        try settings.interruption.check()
        var batch = RowBatch()
        batch.isSinglePrecision = source.isSinglePrecision
        batch.firstRow = place.rows
        batch.rows = try source.read(limit, into: &batch)
        warn(source.takeWarnings())
        batch.fractionRead = source.fractionRead
        guard batch.rows > 0 else { return nil }
        batch.hash = place.hash
        batch.hash.add(batch, dimension: dimension)
        return batch
    }

    /// - Parameter batches: the number of batches before the first that the sender is given as number 0.
    private func makeSender(from batches: Int) -> (RowBatch) throws -> LearnReply {
        let client = ServiceClient(settings) { [report] reason in
            report.update { $0.note = reason.map { "waiting: \($0)" } }
        }
        let path = ServiceClient.path(base.model, isLoad ? "/learn?visible=later" : "/learn")
        return { [self] batch in
            try settings.interruption.check()
            let key = base.key.request(batches + batch.number)
            do {
                return try LearnReply(
                    client.call(
                        "POST", path, contentType: "application/vnd.safetensors", fields: [("Idempotency-Key", "\"\(key)\"")],
                        body: .bytes(batch.safetensors(dimension: dimension))))
            } catch let refusal as ServerRefusal { throw explain(refusal, batch) }
        }
    }

    private func explain(_ refusal: ServerRefusal, _ batch: RowBatch) -> ServerRefusal {
        var hint = ""
        if refusal.code == 413 { hint = "; try a smaller --batch" }
        if refusal.code == 422, refusal.detail.contains("Idempotency-Key") {
            hint = "; the run \(base.key) had different rows here, or a different --batch"
        }
        return ServerRefusal(code: refusal.code, detail: "\(batch.place): \(refusal.detail)\(hint)")
    }

    /// Counts the next batch in order.
    private func deliver(_ batch: RowBatch, _ reply: LearnReply) throws {
        let isKnown = reply.version <= versionBefore
        try state.withLock { state in
            let first = state.firstIsKnown ?? isKnown
            state.firstIsKnown = first
            guard !isKnown || first || base.batches > 0 else {
                throw InputError(
                    "the server has already learned \(batch.place), but no longer remembers the beginning of the run \(base.key): earlier "
                        + "rows now count twice (use --progress for runs that last longer than the server remembers)")
            }
            state.tally.add(reply, rows: batch.rows, isKnown: isKnown)
            state.progress.batches += 1
            state.progress.rows += batch.rows
            state.progress.hash = batch.hash
            // With several requests under way, an earlier batch may have a later version; requests learned together have the same.
            if (reply.version, reply.samples) >= (state.progress.version, state.progress.samples ?? 0) {
                (state.progress.version, state.progress.samples) = (reply.version, reply.samples)
            }
        }
        warnOfLabels(atLeast: 100)
        let rows = progress.rows
        report.update { text in
            text.done = rows
            text.fraction = batch.fractionRead
        }
        if state.withLock({ MonotonicClock.now - $0.written >= Self.writeInterval }) { try save() }
    }

    private func save() throws {
        guard let progressPath else { return }
        let progress = state.withLock { state in
            state.written = MonotonicClock.now
            return state.progress
        }
        try progress.write(to: progressPath)
    }
}
