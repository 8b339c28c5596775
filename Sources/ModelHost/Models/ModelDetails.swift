package import AnalyticLearning
internal import Concurrency

/// Everything known about a model at one moment.
package struct ModelDetails: Sendable {
    /// The model's name.
    package let name: String
    /// The last published weights, with the configuration, classes and evaluation of their state.
    package let weights: PublishedWeights
    /// The worker's activity.
    package let activity: ModelActivity
    /// The activity of its files; nil if the model is in memory only.
    package let files: FileActivity?
    /// Requests waiting for the worker.
    package let queueDepth: Int
    /// When this was read, in seconds since 1970.
    package let time: Double

    /// The current details of a model, with the given weights.
    package init(_ model: Model, _ weights: PublishedWeights) {
        name = model.name
        self.weights = weights
        activity = model.activity.withLock { $0 }
        files = model.files.withLock { $0 }
        queueDepth = model.queue.count
        time = WallClock.now
    }
}
