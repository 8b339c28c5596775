internal import AnalyticLearning
internal import HTTPServer
internal import LinearAlgebra

extension ModelWorker {
    /// Measures the leverage of rows, and hands them on to be scored.
    func measure(_ job: LeverageJob) {
        guard job.responder.isConnected else { return }
        do throws(Problem) {
            guard job.dimension == classifier.configuration.dimension else { throw restoredMeanwhile() }
            let weights = try model.scoringWeights()
            // Weights that could not be published have an R that tells nothing.
            guard weights.version == classifier.version else { return job.complete(weights, nil) }
            do throws(LinearAlgebraError) {
                let leverages = try job.features.withUnsafeBufferPointer { (buffer) throws(LinearAlgebraError) in
                    try classifier.leverages(of: buffer)
                }
                job.complete(weights, leverages)
            } catch {
                throw SnapshotFile.problem(error)
            }
        } catch {
            job.responder.send(error.response)
        }
    }
}
