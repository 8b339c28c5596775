internal import AnalyticLearning
internal import HTTPServer

/// Rows whose leverage is asked for, on their way to the thread that owns R.
struct LeverageJob: Sendable {
    /// n·d values, row after row.
    let features: [Double]
    let dimension: Int
    /// Who waits.
    let responder: DeferredResponder
    /// Goes on with the weights of the state that the leverages were measured in; nil where the model has none to tell.
    let complete: @Sendable (PublishedWeights, [Double]?) -> Void

    /// What it holds while it waits.
    var bytes: Int { features.count * MemoryLayout<Double>.stride }
}
