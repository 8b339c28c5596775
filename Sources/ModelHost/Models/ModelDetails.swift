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
    /// The memory that the model holds, in bytes.
    package let memoryBytes: Int
    /// When this was read, in seconds since 1970.
    package let time: Double

    /// The current details of a model, with the given weights.
    ///
    /// - Parameter memory: the bytes that it holds; nil for what it held at the end of its last turn.
    package init(_ model: Model, _ weights: PublishedWeights, memory: Int? = nil) {
        name = model.name
        self.weights = weights
        activity = model.activity.withLock { $0 }
        files = model.files.withLock { $0 }
        queueDepth = model.queue.count
        memoryBytes = memory ?? model.heldBytes
        time = WallClock.now
    }
}
