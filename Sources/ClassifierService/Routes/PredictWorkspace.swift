internal import AnalyticLearning
internal import TensorFormats

/// Buffers that one thread reuses for every prediction, so that in steady state none is allocated.
///
/// `@unchecked Sendable`: each belongs to one event loop, which alone uses it, by the loop's index, or to the one task that
/// has taken it out of the spare ones, under their lock.
final class PredictWorkspace: @unchecked Sendable {
    var features: [Float] = []
    var scores = ScoreWorkspace()
    var order: [Int] = []
    var writer = JSONWriter()
    var inference = InferenceBuffers()

    /// Forgets the last request, and the memory of an unusually large one.
    func reset() {
        features.removeAll(keepingCapacity: features.capacity <= 1 << 20)
        scores.trim(above: 1 << 20)
        if writer.count <= 1 << 20 { writer.removeAll() } else { writer = JSONWriter() }
        inference.reset(keepingCapacityUpTo: 1 << 20)
    }
}
