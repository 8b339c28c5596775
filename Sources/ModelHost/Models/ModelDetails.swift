package import AnalyticLearning
internal import Concurrency

/// All that can be said of a model at one moment.
package struct ModelDetails: Sendable {
    /// The model's name.
    package let name: String
    /// The weights that were published last, with the configuration, the classes and the evaluation of their state.
    package let weights: PublishedWeights
    /// What its worker has done.
    package let activity: ModelActivity
    /// What its files have done; nil if it is in memory only.
    package let files: FileActivity?
    /// Requests that wait for the worker.
    package let queueDepth: Int
    /// When this was read, in seconds since 1970.
    package let time: Double

    /// What `weights` and the model say now.
    package init(_ model: Model, _ weights: PublishedWeights) {
        name = model.name
        self.weights = weights
        activity = model.activity.withLock { $0 }
        files = model.files.withLock { $0 }
        queueDepth = model.queue.count
        time = WallClock.now
    }
}
