internal import AnalyticLearning
internal import LinearAlgebra

extension ModelWorker {
    /// Measures the leverage of rows, and passes them on for scoring.
    func measure(_ job: LeverageJob) {
        guard job.completion.isWanted else { return }
        do throws(ModelError) {
            guard job.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
            let weights = try model.scorableWeights()
            // If the weights could not be published, their R is useless.
            guard weights.version == classifier.version else {
                return job.completion.succeed(Leverages(weights: weights, values: nil))
            }
            do throws(LinearAlgebraError) {
                let leverages = try job.features.withUnsafeBufferPointer { (buffer) throws(LinearAlgebraError) in
                    try classifier.leverages(of: buffer)
                }
                job.completion.succeed(Leverages(weights: weights, values: leverages))
            } catch {
                throw SnapshotFile.modelError(error)
            }
        } catch {
            job.completion.fail(error)
        }
    }
}
