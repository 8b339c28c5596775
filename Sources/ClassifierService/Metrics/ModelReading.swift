internal import AnalyticLearning
internal import Concurrency
internal import ModelHost

/// A model at one moment, from what it publishes: reading it waits for no worker.
struct ModelReading {
    let name: String
    let condition: Model.Condition
    let weights: PublishedWeights?
    let activity: ModelActivity
    /// Rows that predictions have rejected.
    let rejectedRows: Int
    /// Nil if it is in memory only.
    let files: FileActivity?
    /// Requests waiting for the worker.
    let queuedRequests: Int
    /// The bytes that they hold.
    let queuedBytes: Int
    /// The memory that it holds, in bytes.
    let heldBytes: Int
    /// Test-then-train accuracy over the whole stream, and over its last rows.
    let overall: ProgressiveEvaluation.Measures?
    let recent: ProgressiveEvaluation.Measures?

    init(_ model: Model) {
        name = model.name
        condition = model.condition
        weights = model.published
        activity = model.activity.withLock { $0 }
        rejectedRows = model.rejectedRows.count
        files = model.files.withLock { $0 }
        (queuedRequests, queuedBytes) = model.queued
        heldBytes = model.heldBytes
        overall = weights?.evaluation.overall
        recent = weights?.evaluation.recent
    }

    /// The label that distinguishes models.
    var label: MetricsText.Label { ("model", name) }
}
